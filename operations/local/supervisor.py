"""Keeps a stack running: restarts what ends, and services whose files change.

Changes are found by polling modification times. A service's folder, templates included, belongs to
it and to the services within; `shared/**` belongs to all.
"""

import os
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from operations import service_registry
from operations.install.paths import short_path
from operations.local.log_retention import keep_logs
from operations.local.processes import Child
from operations.local.stack import Stack
from operations.local.state import Restart
from operations.printing import say
from shared.runtime.telemetry import get_logger

log_line = get_logger("launcher")

SHARED = "shared"
#: Seconds before a part that ended is started again; they begin anew after a minute of life.
PAUSES = (1, 2, 5, 10, 30)
BACKOFF_RESET_AFTER = 60
#: Seconds between two looks at the logs.
LOG_INTERVAL = 60
#: Seconds between two looks at the files of `--watch`.
SCAN_INTERVAL = 1


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
    concerned = service_registry.folder_owners(rest)
    return [name for name in services if name in concerned]


class Supervisor:
    """Starts again what ends by itself and, with `watch`, the services whose files changed."""

    def __init__(self, stack: Stack, watch: SourceWatch | None = None) -> None:
        self.stack = stack
        self.watch = watch
        self.next_scan = 0.0
        self.next_look_at_logs = 0.0
        self.failures: dict[str, int] = {}
        self.started: dict[str, float] = {}
        self.due: dict[str, float] = {}

    def forever(self) -> None:
        """Until a signal raises `Interrupted`."""
        while True:
            for name, child in self.stack.children.items():
                if not child.alive:
                    self._restart(name, child)
            if self.watch is not None and time.monotonic() >= self.next_scan:
                self.next_scan = time.monotonic() + SCAN_INTERVAL
                self._restart_changed(self.watch.changed_files())
            if time.monotonic() >= self.next_look_at_logs:
                self.next_look_at_logs = time.monotonic() + LOG_INTERVAL
                keep_logs(self.stack.paths.logs, datetime.now(UTC))
            time.sleep(0.2)

    def _restart_changed(self, files: list[str]) -> None:
        services = list(self.stack.state.health)
        files = [file for file in files if owners(file, services)]
        concerned = {name for file in files for name in owners(file, services)}
        names = [name for name in services if name in concerned]
        if not names:
            return
        more = f" and {len(files) - 1} more" if len(files) > 1 else ""
        say(f"{files[0]}{more} changed; restarting {', '.join(names)}")
        self.stack.restart_services(names)
        for name in names:
            self.due.pop(name, None)
            self.failures.pop(name, None)
            self.started[name] = time.monotonic()

    def _restart(self, name: str, child: Child) -> None:
        now = time.monotonic()
        if name not in self.due:
            if now - self.started.get(name, 0) > BACKOFF_RESET_AFTER:
                self.failures[name] = 0
            count = self.failures.get(name, 0)
            self.failures[name] = count + 1
            pause = PAUSES[min(count, len(PAUSES) - 1)]
            code = child.process.returncode if child.process else None
            log = short_path(child.log)
            say(f"{name} ended with code {code}; starting it again in {pause} s (log: {log})")
            self.due[name] = now + pause
            log_line.error(
                "A part ended by itself; it is started again.",
                action="part_ended",
                part=name,
                exit_code=code,
                pause=pause,
            )
            restarts = self.stack.state.restarts
            before = restarts[name].count if name in restarts else 0
            at = datetime.now(UTC).isoformat(timespec="seconds")
            restarts[name] = Restart(before + 1, at, code)
        elif now >= self.due[name]:
            del self.due[name]
            self.started[name] = now
            child.start()
            self.stack.save_state()
            log_line.info("A part was started again.", action="part_restarted", part=name)
