"""Which services' files have changed, found by polling modification times.

`services/NAME/**`, templates included, belongs to one service; `shared/**` belongs to all.
"""

import os
from collections.abc import Iterator
from pathlib import Path

SHARED = "shared"


class SourceWatch:
    """Compares the files below `root` with those of the last call."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._files = dict(self._scan())

    def changed_files(self) -> list[str]:
        """Relative paths of files written, created or deleted since the last call."""
        before, self._files = self._files, dict(self._scan())
        changed = before.items() ^ self._files.items()
        return sorted({path for path, _ in changed})

    def _scan(self) -> Iterator[tuple[str, int]]:
        for top in ("services", SHARED):
            for folder, folders, names in os.walk(self.root / top):
                folders[:] = [name for name in folders if name != "__pycache__"]
                for name in names:
                    path = Path(folder, name)
                    try:
                        modified = path.stat().st_mtime_ns
                    except OSError:  # deleted meanwhile
                        continue
                    if not name.startswith("."):  # an editor's swap file
                        yield str(path.relative_to(self.root)), modified


def owners(path: str, services: list[str]) -> list[str]:
    """The services among `services` that a changed file concerns."""
    top, _, rest = path.partition("/")
    if top == SHARED:
        return services
    return [name for name in services if rest.startswith(f"{name}/")]
