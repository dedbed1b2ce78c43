"""LG-05: a file of anchors stays one, whatever became of the last line or of the disk."""

import fcntl
import io
import os
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import pytest

from services.support import anchor_file
from services.support.anchor_file import append_anchor
from services.support.journal_chain import Anchor, read_anchors

NEW = Anchor(
    at=datetime(2026, 1, 15, tzinfo=UTC), number=7, link_mac=b"l" * 32, key_id="k1", mac=b"m" * 32
)
OLD = Anchor(at=NEW.at, number=6, link_mac=b"k" * 32, key_id="k1", mac=b"m" * 32)
WHOLE = OLD.line() + "\n"


@pytest.mark.parametrize(
    ("before", "kept"),
    [
        ("", []),
        (WHOLE, [OLD]),
        (WHOLE + WHOLE[:40], [OLD]),
        (WHOLE[:40], []),
        (WHOLE + OLD.line(), [OLD, OLD]),
        (WHOLE + "\n\n", [OLD]),
        (WHOLE + "\0" * 300, [OLD]),
    ],
    ids=[
        "empty", "whole", "last line cut", "only line cut", "only its end cut", "empty lines",
        "zeros of a crash",
    ],
)  # fmt: skip
def test_lg_05_an_anchor_is_appended_to_whole_lines(
    tmp_path: Path, before: str, kept: list[Anchor]
) -> None:
    file = tmp_path / "anchors"
    file.write_text(before)
    append_anchor(file, NEW)
    assert read_anchors(file.read_text()) == [*kept, NEW]


def test_lg_05_a_line_that_was_damaged_before_does_not_end_the_file(tmp_path: Path) -> None:
    """A reader of the file names it, and it can be deleted then."""
    file = tmp_path / "anchors"
    file.write_text(WHOLE[:40] + WHOLE + WHOLE)
    append_anchor(file, NEW)
    with pytest.raises(ValueError, match="line 1 is no anchor"):
        read_anchors(file.read_text())
    assert read_anchors(file.read_text().partition("\n")[2]) == [OLD, NEW]


def test_lg_05_a_file_that_can_only_grow_grows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As `chattr +a` makes it: nothing is cut where nothing has to be."""
    monkeypatch.setattr(anchor_file.os, "fsync", lambda _number: None)
    file = tmp_path / "anchors"
    file.write_text(WHOLE)
    opened = Path.open

    class OnlyGrows(io.FileIO):
        def truncate(self, _size: int | None = None) -> int:
            raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(Path, "open", lambda self, *_mode, **_more: OnlyGrows(self, "a+"))
    append_anchor(file, NEW)
    monkeypatch.setattr(Path, "open", opened)
    assert read_anchors(file.read_text()) == [OLD, NEW]


def test_lg_05_a_file_that_somebody_holds_is_given_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(anchor_file, "LOCK_SECONDS", 0.1)
    file = tmp_path / "anchors"
    file.write_text(WHOLE)
    with file.open() as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        with pytest.raises(OSError, match="unavailable"):
            append_anchor(file, NEW)
    assert file.read_text() == WHOLE


def test_lg_05_the_first_anchor_makes_the_file(tmp_path: Path) -> None:
    append_anchor(tmp_path / "anchors", NEW)
    assert (tmp_path / "anchors").read_text() == NEW.line() + "\n"


@pytest.mark.parametrize(
    "content",
    [
        b"name;address\nJeanne;j@example.fr\n",
        b"\xff\xfe\n",
        b'{"a": "precious"}',
        b"k2:base64,k1:base64",
        WHOLE.encode() + b"a remark by hand",
    ],
)
def test_lg_05_a_file_of_something_else_stays_as_it_is(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "people.csv"
    file.write_bytes(content)
    with pytest.raises(ValueError, match="anchor"):
        append_anchor(file, NEW)
    assert file.read_bytes() == content


def test_lg_05_a_full_disk_leaves_the_file_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The error comes when the line is written already."""
    file = tmp_path / "anchors"
    file.write_text(WHOLE)

    def full(_number: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        append_anchor(file, NEW)
    assert file.read_text() == WHOLE


def test_lg_05_anchors_that_are_appended_at_the_same_moment_are_all_there(tmp_path: Path) -> None:
    """As the service and a command do; each finds the cut line of before."""
    file = tmp_path / "anchors"
    file.write_text(WHOLE + WHOLE[:40])
    with ThreadPoolExecutor(4) as many:
        list(many.map(lambda _number: append_anchor(file, NEW), range(200)))
    assert read_anchors(file.read_text()) == [OLD, *[NEW] * 200]


def test_lg_05_what_is_not_a_file_is_written_to(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    append_anchor(pipe, NEW)
    assert os.read(reader, 10_000).decode() == NEW.line() + "\n"
    os.close(reader)
