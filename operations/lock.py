"""The part of `requirements.lock` that a running service needs, with the same hashes.

The lock holds the tools of the tests as well; an image should not. Follows the `# via` notes of the
lock from the dependencies that pyproject.toml names. Standard library only: it runs in the image's
build before anything is installed, as `python lock.py PYPROJECT LOCK`.
"""

from __future__ import annotations

import re
import sys
import tomllib
from pathlib import Path

ENTRY = re.compile(r"^([A-Za-z0-9][A-Za-z0-9._-]*)(?:\[[^\]]*\])?==", re.MULTILINE)
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


def plain(name: str) -> str:
    """A package's name as the index compares it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def entries(lock: str) -> dict[str, str]:
    """The text of every entry of the lock, by package."""
    starts = [match.start() for match in ENTRY.finditer(lock)]
    texts = [lock[a:b] for a, b in zip(starts, [*starts[1:], len(lock)], strict=True)]
    return {plain(NAME.match(text)[0]): text for text in texts}  # type: ignore[index]


def wanted_by(entry: str) -> set[str]:
    """The packages on whose account an entry is in the lock."""
    notes = entry[entry.index("# via") + len("# via") :] if "# via" in entry else ""
    lines = (line.strip().lstrip("#").strip() for line in notes.splitlines())
    return {plain(line.split(" ")[0]) for line in lines if line and "(" not in line}


def runtime_lock(pyproject: str, lock: str) -> str:
    """The entries reachable from the project's own dependencies. KeyError where one is missing."""
    every = entries(lock)
    needs: dict[str, set[str]] = {name: set() for name in every}
    for name, entry in every.items():
        for parent in wanted_by(entry) & needs.keys():
            needs[parent].add(name)
    names = tomllib.loads(pyproject)["project"]["dependencies"]
    due = [plain(NAME.match(one)[0]) for one in names]  # type: ignore[index]
    found: set[str] = set()
    while due:
        name = due.pop()
        if name not in found:
            found.add(name)
            due += needs[name]
    return "".join(every[name] for name in sorted(found))


if __name__ == "__main__":
    sys.stdout.write(runtime_lock(*(Path(one).read_text() for one in sys.argv[1:3])))
