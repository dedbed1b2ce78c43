"""Migration files: errors are reported before the database is touched."""

from pathlib import Path

import pytest

from shared.database import read_migrations
from shared.errors import SchemaMismatch


def folder(root: Path, source: str, *names: str) -> Path:
    directory = root / source / "migrations"
    directory.mkdir(parents=True)
    for name in names:
        (directory / name).write_text(f"-- {name}\n")
    return directory


def test_files_are_read_in_order_and_named_by_their_folder(tmp_path: Path) -> None:
    common = folder(tmp_path, "outbox", "0001_messaging.sql")
    own = folder(tmp_path, "mailer", "0002_more.sql", "0001_first.sql")
    (own / "README.md").write_text("no migration")
    found = read_migrations([common, own])
    assert [one.label for one in found] == [
        "outbox/0001_messaging",
        "mailer/0001_first",
        "mailer/0002_more",
    ]


@pytest.mark.parametrize(
    ("names", "words"),
    [
        (("0002_first.sql",), "0001 is due"),
        (("0001_first.sql", "0003_third.sql"), "0002 is due"),
        (("0001_first.sql", "0001_other.sql"), "0002 is due"),
        (("1_first.sql",), "must be named"),
        (("0001_First.sql",), "must be named"),
        ((), "empty"),
    ],
)
def test_a_gap_a_duplicate_or_an_invalid_name_is_refused(
    tmp_path: Path, names: tuple[str, ...], words: str
) -> None:
    with pytest.raises(SchemaMismatch, match=words):
        read_migrations([folder(tmp_path, "mailer", *names)])


def test_line_ends_do_not_change_a_checksum(tmp_path: Path) -> None:
    unix = folder(tmp_path, "a", "0001_first.sql")
    windows = folder(tmp_path, "b", "0001_first.sql")
    (unix / "0001_first.sql").write_bytes(b"SELECT 1;\nSELECT 2;\n")
    (windows / "0001_first.sql").write_bytes(b"SELECT 1;\r\nSELECT 2;\r\n")
    assert read_migrations([unix])[0].checksum == read_migrations([windows])[0].checksum
