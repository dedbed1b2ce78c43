"""What is stored about people is declared in docs/data.md, column by column (GD-03)."""

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
#: Tables of every service for messages and migrations, and tables without personal data.
OTHERS = {"inbox", "lock_seed", "migrations", "outbox", "replies"}
PUBLIC = {"profile.directory_answers"}
COLUMN = re.compile(r"^table (\w+) column (\w+) ", re.M)
ROW = re.compile(r"^\| `(\w+\.\w+)` \| ([^|]+) \| ([^|]+) \| ([^|]+) \|$", re.M)


def test_gd_03_every_column_about_people_is_declared_with_class_and_life() -> None:
    there: dict[str, set[str]] = {}
    for path in (ROOT / "tests/integration/schemas").glob("*.txt"):
        for table, column in COLUMN.findall(path.read_text("utf-8")):
            if table not in OTHERS and f"{path.stem}.{table}" not in PUBLIC:
                there.setdefault(f"{path.stem}.{table}", set()).add(column)
    rows = ROW.findall((ROOT / "docs/data.md").read_text("utf-8"))
    declared = {table: set(columns.split(", ")) for table, columns, _class, _life in rows}
    assert len(rows) == len(declared)
    assert declared == there
