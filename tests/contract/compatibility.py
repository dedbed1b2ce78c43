"""Whether a message that was published once can still be read, and whom it concerns if not.

The partners are those of `IMPEX_PARTNERS_DIR`, by default the ones beside the code. Their files are
read as they are: a type that they name may be gone.
"""

import json
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from operations.provision.partners import folder


def partners_of(name: str) -> str:
    """Who hears and who emits a type, as the end of a sentence; empty for a type of nobody."""
    found = []
    for kind in ("hears", "emits"):
        files = sorted(folder().glob("*.toml"))
        names = [one.stem for one in files if name in _types(one, kind)]
        if names:
            found.append(f"{', '.join(names)} {kind} it")
    return f" (partners: {'; '.join(found)})" if found else ""


def _types(path: Path, kind: str) -> list[str]:
    return list(tomllib.loads(path.read_text("utf-8")).get(kind, []))


def assert_readable(path: Path, messages: Mapping[str, type[Any]]) -> None:
    """The message of a golden file is read whole; an AssertionError names the partners of its
    type."""
    name, published = path.stem, json.loads(path.read_text("utf-8"))
    where = f"{name}{partners_of(name)}"
    try:
        message = msgspec.convert(published, messages[name], strict=True, str_keys=True)
    except (msgspec.ValidationError, KeyError) as error:
        raise AssertionError(f"{where}: what was published cannot be read: {error!r}") from error
    again = msgspec.json.decode(msgspec.json.encode(message))
    changed = [field for field in published if again.get(field) != published[field]]
    assert not changed, f"{where}: fields that are gone or changed: {', '.join(changed)}"


def assert_complete(files: list[Path], messages: Mapping[str, type[Any]]) -> None:
    """Every message has its golden file, and every golden file its message."""
    golden = {path.stem for path in files}
    gone = [f"{name}{partners_of(name)}" for name in sorted(golden - set(messages))]
    assert not gone, f"types that were published and are gone: {'; '.join(gone)}"
    new = sorted(set(messages) - golden)
    assert not new, f"`python -m tests.contract.samples` writes golden files of {', '.join(new)}"
