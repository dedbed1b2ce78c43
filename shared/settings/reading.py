"""Reads a settings class from the environment: types, bounds, files, all mistakes at once."""

import dataclasses
import os
import types
import typing
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import MISSING, dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any, TypeVar, get_type_hints

from shared.errors import ConfigurationError
from shared.security.seal_keys import OpeningRing, SealingRing
from shared.security.sealing import KeyRing
from shared.security.signing_keys import SigningRing

T = TypeVar("T")
Problem = tuple[str, str]

TRUE = ("1", "true", "yes", "on")
FALSE = ("0", "false", "no", "off")
PREFIX = "IMPEX_"
#: The folder with a file for each secret, named like its setting.
SECRETS_DIR = "IMPEX_SECRETS_DIR"
#: The names of all settings of all services, written by `make docs`.
ALL_NAMES = Path(__file__).with_name("all_names.txt")
#: How alike two names must be for one to be taken for a misspelling of the other.
ALIKE = 0.8
#: Of a wrong value no more is shown.
SHOWN = 80
#: A secret in a file longer than this is the wrong file.
SECRET_FILE_BYTES = 65_536


@dataclass(frozen=True, kw_only=True)
class Spec:
    """What is known of one setting besides its type."""

    name: str
    doc: str
    secret: bool
    unit: str | None
    between: tuple[int, int] | None
    choices: tuple[str, ...] | None
    valid: Callable[[Any], str | None] | None
    default_doc: str | None


def setting(
    name: str,
    *,
    default: Any = MISSING,
    doc: str = "",
    between: tuple[int, int] | None = None,
    choices: tuple[str, ...] | None = None,
    secret: bool = False,
    unit: str | None = None,
    valid: Callable[[Any], str | None] | None = None,
    default_doc: str | None = None,
) -> Any:
    """A field of a settings class, read from the variable `name`; required without a default.

    `between` holds the least and the greatest value. `valid` is given the typed value and returns a
    sentence if it is wrong. `default_doc` is what the documentation shows where the default depends
    on the machine.
    """
    spec = Spec(
        name=name,
        doc=doc,
        secret=secret,
        unit=unit,
        between=between,
        choices=choices,
        valid=valid,
        default_doc=default_doc,
    )
    metadata = {"setting": spec}
    if default is MISSING:
        return dataclasses.field(metadata=metadata, repr=not secret)
    return dataclasses.field(default=default, metadata=metadata, repr=not secret)


def specs(cls: type[Any]) -> Iterator[tuple[dataclasses.Field[Any], Spec]]:
    """The fields of a settings class that are settings."""
    for field in dataclasses.fields(cls):
        if "setting" in field.metadata:
            yield field, field.metadata["setting"]


def load(cls: type[T], environ: Mapping[str, str]) -> T:
    """Read, type and judge every setting of `cls`; ConfigurationError holds all the mistakes.

    Each shows the value that was given, unless it is a secret.
    """
    hints = get_type_hints(cls)
    problems: list[Problem] = []
    values: dict[str, Any] = {}
    for field, spec in specs(cls):
        try:
            values[field.name] = _value(field, spec, hints[field.name], environ)
        except ValueError as error:
            problems.append((spec.name, str(error)))
    problems += _combined_problems(cls, values)
    if problems:
        given = {spec.name: _given(spec, environ) for _, spec in specs(cls)}
        raise ConfigurationError([(name, text + given.get(name, "")) for name, text in problems])
    return cls(**values)


def _given(spec: Spec, environ: Mapping[str, str]) -> str:
    """The value as written, to be shown with its problem; never a secret, nor a login in a URL."""
    text = environ.get(spec.name, "")
    if not text or spec.secret or ("://" in text and "@" in text):
        return ""
    shown = text if text.isprintable() else ascii(text)
    return f" (given: {shown[:SHOWN]}{'…' * (len(shown) > SHOWN)})"


def _value(field: dataclasses.Field[Any], spec: Spec, hint: Any, environ: Mapping[str, str]) -> Any:
    text = _text(spec, environ)
    if text is None:
        if field.default is MISSING:
            file_too = f" (or {spec.name}_FILE, or {SECRETS_DIR})" if spec.secret else ""
            raise ValueError(f"is required{file_too}: {_lower(spec.doc)}".rstrip(": "))
        return field.default
    value = _typed(hint, text)
    if spec.between is not None:
        least, most = spec.between
        unit = f" {spec.unit}" if spec.unit else ""
        if value < least:
            raise ValueError(f"must be at least {least}{unit}")
        if value > most:
            raise ValueError(f"must be at most {most}{unit}")
    if spec.choices is not None and value not in spec.choices:
        raise ValueError(f"must be one of {', '.join(filter(None, spec.choices))}")
    if spec.valid is not None and (sentence := spec.valid(value)):
        raise ValueError(sentence)
    return value


def _text(spec: Spec, environ: Mapping[str, str]) -> str | None:
    """The value as written; an empty variable counts as absent."""
    return secret_text(spec.name, environ) if spec.secret else environ.get(spec.name) or None


def secret_text(name: str, environ: Mapping[str, str]) -> str | None:
    """A secret from its variable, the file that `<name>_FILE` names, or the file of its name in the
    folder IMPEX_SECRETS_DIR; None without. ValueError where it is given twice or cannot be read.
    """
    text = environ.get(name) or None
    path = environ.get(f"{name}_FILE") or None
    if path is not None and text is not None:
        raise ValueError(f"is given twice, also by {name}_FILE; keep one")
    if path is not None:
        return _read_secret(Path(path), f"the file of {name}_FILE")
    folder = environ.get(SECRETS_DIR)
    if text is not None or not folder:
        return text
    file = Path(folder, name)
    if Path(folder).is_dir() and not os.path.lexists(file) and os.access(folder, os.X_OK):
        return None
    return _read_secret(file, f"its file in {SECRETS_DIR}")


def _read_secret(path: Path, which: str) -> str | None:
    """The content of a file without its line end."""
    try:
        with path.open(encoding="utf-8") as file:
            content = file.read(SECRET_FILE_BYTES + 1)
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "not UTF-8 text"
        raise ValueError(f"cannot be read from {which}: {reason}") from None
    if len(content) > SECRET_FILE_BYTES:
        raise ValueError(f"cannot be read from {which}: it is too long")
    return content.rstrip("\r\n") or None


def _typed(hint: Any, text: str) -> Any:
    if typing.get_origin(hint) in (types.UnionType, typing.Union):
        (hint,) = (one for one in typing.get_args(hint) if one is not type(None))
    if typing.get_origin(hint) is tuple:
        return tuple(part.strip() for part in text.split(",") if part.strip())
    reader = READERS.get(hint)
    if reader is None:
        raise TypeError(f"a setting cannot be of type {hint!r}")
    return reader(text)


def read_bool(text: str) -> bool:
    """A switch; ValueError for anything else."""
    if text.lower() in TRUE:
        return True
    if text.lower() in FALSE:
        return False
    raise ValueError("must be true or false")


def _read_int(text: str) -> int:
    try:
        return int(text)
    except ValueError:
        raise ValueError("must be a whole number") from None


READERS: dict[Any, Callable[[str], Any]] = {
    str: str,
    int: _read_int,
    bool: read_bool,
    Path: Path,
    KeyRing: KeyRing.parse,
    OpeningRing: OpeningRing.parse,
    SealingRing: SealingRing.parse,
    SigningRing: SigningRing.parse,
}


def _combined_problems(cls: type[Any], values: dict[str, Any]) -> list[Problem]:
    """What every `check` of the class and its bases finds, each problem once.

    Where a field itself was wrong the object is incomplete, and a check that needs the field is
    left for the next start; the others still speak.
    """
    draft = object.__new__(cls)
    for name, value in values.items():
        object.__setattr__(draft, name, value)
    complete = len(values) == sum(1 for _ in specs(cls))
    found: dict[Problem, None] = {}
    for base in cls.__mro__:
        check = base.__dict__.get("check")
        if check is None:
            continue
        try:
            found.update(dict.fromkeys(check(draft)))
        except AttributeError:
            if complete:
                raise
    return list(found)


def _lower(doc: str) -> str:
    return doc[:1].lower() + doc[1:].rstrip(".") if doc else ""


def unknown_names(classes: Iterable[type[Any]], environ: Mapping[str, str]) -> list[str]:
    """Variables of ours that are no setting, each with the name it resembles, if any.

    A setting that only other services read may be in an environment that all share.
    """
    known: set[str] = set()
    for cls in classes:
        for _, spec in specs(cls):
            known |= {spec.name, f"{spec.name}_FILE"} if spec.secret else {spec.name}
    elsewhere = {SECRETS_DIR, *ALL_NAMES.read_text(encoding="utf-8").split()}
    unknown = sorted(
        name for name in environ if name.startswith(PREFIX) and name not in known | elsewhere
    )
    return [name + _resembles(name, known - set(environ)) for name in unknown]


def _resembles(name: str, known: Iterable[str]) -> str:
    close = get_close_matches(name, sorted(known), n=1, cutoff=ALIKE)
    return f" (did you mean {close[0]}?)" if close else ""
