"""How long and how much the programs of `impex up` log: 12 months, and 1 GB each.

All logs begin anew every 30 days, one of more than 20 MB at once. The former part stays beside it,
under the time of the cut, and is deleted 335 days later: a line is there for 11 months at least and
12 at most. Only a program with more than fifty parts loses the oldest earlier.
"""

import os
import shutil
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

MAX_BYTES = 20_000_000
MAX_PARTS = 50
PART_AGE = timedelta(days=30)
RETENTION = timedelta(days=335)
#: Its time of modification is when all logs were begun anew.
STAMP = "begun"


def begin_logs(folder: Path, now: datetime) -> None:
    """Note that all logs begin now, where the launcher has never logged."""
    if not (folder / "launcher.log").exists():
        _stamp(folder, now)


def keep_logs(folder: Path, now: datetime) -> None:
    """Begin long and old logs in `folder` anew, and delete former parts that are due."""
    stamp = folder / STAMP
    old = not stamp.exists() or now - _modified(stamp) > PART_AGE
    for log in sorted(folder.glob("*.log")):
        size = log.stat().st_size
        if size > MAX_BYTES or (old and size):
            _cut(log, now)
        parts = former_parts(log)
        due = [one for one in parts if now - _modified(one) > RETENTION]
        for part in {*due, *parts[:-MAX_PARTS]}:
            part.unlink(missing_ok=True)
    if old:
        _stamp(folder, now)


def former_parts(log: Path) -> list[Path]:
    """What was cut from a log, the oldest first."""
    found: dict[Path, datetime] = {}
    for part in log.parent.glob(f"{log.name}.*"):
        with suppress(FileNotFoundError):  # deleted meanwhile
            found[part] = _modified(part)
    return sorted(found, key=lambda part: (found[part], part.name))


def _cut(log: Path, now: datetime) -> None:
    """Move what is in a log to a part of its own.

    Programs append to their log, so that an emptied one is written from its beginning. A line
    written between the end of the copy and the cut would be lost: some microseconds.
    """
    part = log.with_name(f"{log.name}.{now:%Y%m%dT%H%M%SZ}")
    part.touch(0o600)
    with log.open("rb") as source, part.open("ab") as target:
        shutil.copyfileobj(source, target)
        target.flush()
        os.truncate(log, 0)
    os.utime(part, (now.timestamp(), now.timestamp()))


def _stamp(folder: Path, now: datetime) -> None:
    stamp = folder / STAMP
    stamp.touch(0o600)
    os.utime(stamp, (now.timestamp(), now.timestamp()))


def _modified(path: Path) -> datetime:
    return datetime.fromtimestamp(path.stat().st_mtime, UTC)
