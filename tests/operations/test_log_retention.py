"""S-14, LG-06: the logs of `impex up` end after 12 months, and are bounded before."""

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from operations.local import log_retention
from operations.local.log_retention import begin_logs, former_parts, keep_logs
from operations.local.logs import LogFile, log_paths

NOW = datetime(2027, 3, 1, 12, tzinfo=UTC)
LINE = '{{"time": "{0:%Y-%m-%dT%H:%M:%SZ}", "sentence": "day {1}"}}\n'


def keep(folder: Path, day: float) -> None:
    keep_logs(folder, NOW + timedelta(days=day))


def everything(log: Path) -> str:
    return "".join(path.read_text() for path in (*former_parts(log), log) if path.exists())


def test_s_14_lg_06_every_line_stays_eleven_months_and_none_thirteen(tmp_path: Path) -> None:
    """One line a day for two years, with a launcher that runs all the time."""
    log = tmp_path / "gateway.log"
    for day in range(730):
        with log.open("a") as writer:
            writer.write(LINE.format(NOW + timedelta(days=day), day))
        keep(tmp_path, day)
        text = everything(log)
        assert f'"day {max(0, day - 335)}"' in text, day
        assert day < 366 or f'"day {day - 366}"' not in text, day
    assert text.count("\n") <= 366


@pytest.mark.parametrize("before", [True, False])
def test_s_14_logs_of_a_first_start_are_not_cut_at_once(tmp_path: Path, *, before: bool) -> None:
    """Those of a version that kept no stamp are: nobody knows how old their lines are."""
    log, launcher = tmp_path / "gateway.log", tmp_path / "launcher.log"
    (tmp_path / "install.log").write_text("from before the first start")
    if before:
        launcher.write_text("of an earlier start")
    begin_logs(tmp_path, NOW)
    log.write_text("service_ready")
    launcher.write_text("migration_applied")
    keep(tmp_path, 0.001)
    assert bool(former_parts(log)) == before
    assert (log.read_text() == "") == before
    keep(tmp_path, 31)
    assert former_parts(log)
    assert log.read_text() == ""


def test_s_14_a_long_log_begins_anew_and_its_former_part_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(log_retention, "MAX_BYTES", 100)
    large, small = tmp_path / "gateway.log", tmp_path / "mailer.log"
    keep(tmp_path, 0)
    with large.open("ab") as writer:
        writer.write(b"a" * 101)
        writer.flush()
        small.write_text("short")
        keep(tmp_path, 1)
        writer.write(b"next")
    assert large.read_text() == "next"
    (part,) = former_parts(large)
    assert part.name == "gateway.log.20270302T120000Z"
    assert part.read_text() == "a" * 101
    assert part.stat().st_mode & 0o077 == 0
    assert small.read_text() == "short"
    assert not former_parts(small)


def test_s_14_a_program_that_logs_without_end_keeps_the_newest_parts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(log_retention, "MAX_BYTES", 10)
    monkeypatch.setattr(log_retention, "MAX_PARTS", 3)
    log, other = tmp_path / "gateway.log", tmp_path / "mfa.log"
    other.write_text("of another")
    for minute in range(6):
        log.write_text(f"minute {minute} and more")
        keep(tmp_path, minute / 1440)
    assert [part.read_text()[:8] for part in former_parts(log)] == [
        f"minute {minute}" for minute in (3, 4, 5)
    ]
    assert everything(other) == "of another"


def test_s_14_parts_of_an_earlier_version_end_too(tmp_path: Path) -> None:
    part = tmp_path / "gateway.log.1"
    part.write_text("former")
    (tmp_path / "gateway.log").touch()
    os.utime(part, (NOW.timestamp(), NOW.timestamp()))
    keep(tmp_path, 335)
    assert part.exists()
    keep(tmp_path, 335.1)
    assert not part.exists()


def test_former_parts_are_printed_with_the_service_of_their_log(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("IMPEX_HOME", str(tmp_path))
    folder = tmp_path / "log"
    folder.mkdir()
    log = folder / "mfa.log"
    log.write_text(LINE.format(NOW, 0))
    keep(folder, 0)
    log.write_text(LINE.format(NOW + timedelta(days=1), 1))
    entries = [entry for path in log_paths("mfa") for entry in LogFile(path).new_entries()]
    assert [(entry.service, entry.fields["sentence"]) for entry in entries] == [
        ("mfa", "day 0"),
        ("mfa", "day 1"),
    ]
