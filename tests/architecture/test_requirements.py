"""docs/requirements.md lists every id that the repository names; its states agree with the tests.

An id is one or two capital letters, a hyphen and two digits. A test has it in its name
(`test_se_09_…`) or in its text.
"""

import re
import subprocess
from collections import Counter
from pathlib import Path
from typing import NamedTuple

from tests.support.each_row import each_row

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "requirements.md"
#: Ids in names of tests: families and numbers follow each other, as in `test_g_01_ax_07_…`.
IN_NAMES = re.compile(r"(?<=_)([a-z]{1,2})((?:_\d\d)+)(?=_|\b)")
IN_WORDS = re.compile(r"\b[A-Z]{1,2}-\d\d\b")
TEXT = {".py", ".md", ".html", ".mjs", ".js", ".css", ".sql", ".po", ".toml", ".yaml", ".txt"}


class Row(NamedTuple):
    """One requirement: its id and its state, with what is missing."""

    id: str
    state: str


def requirements() -> list[Row]:
    """The rows of the page, in its order."""
    found = re.findall(r"^\| ([A-Z]+-\d+) \| .+ \| (.+) \|$", PAGE.read_text("utf-8"), re.MULTILINE)
    return [Row(*row) for row in found]


ROWS = requirements()
FAMILIES = {row.id.split("-")[0] for row in ROWS}


def ids_in(path: Path) -> set[str]:
    """Every id that a file names."""
    text = path.read_text("utf-8")
    found = set(IN_WORDS.findall(text))
    for name in re.findall(r"\bdef (test_\w+)", text):
        for family, numbers in IN_NAMES.findall(name):
            if family.upper() in FAMILIES:
                found |= {f"{family.upper()}-{number}" for number in numbers.split("_") if number}
    return found


def files() -> list[Path]:
    """The repository's own text files."""
    names = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        check=True,
        text=True,
    ).stdout.splitlines()
    paths = (ROOT / name for name in names)
    own = (path for path in paths if path.suffix in TEXT and path.is_file())
    return [path for path in own if path not in (PAGE, Path(__file__))]


NAMED = {path: ids_in(path) for path in files()}
BORNE = set[str]().union(*(ids for path, ids in NAMED.items() if path.name.startswith("test_")))


def test_the_page_has_rows() -> None:
    assert len(ROWS) > 200
    lines = PAGE.read_text("utf-8").splitlines()
    assert len(ROWS) == len([one for one in lines if re.match(r"\| (?!id )", one)])


def test_no_id_is_listed_twice() -> None:
    assert [one for one, times in Counter(row.id for row in ROWS).items() if times > 1] == []


@each_row("row", ROWS, ids=lambda row: row.id)
def test_the_state_agrees_with_the_tests(row: Row) -> None:
    if row.state == "not yet":
        assert row.id not in BORNE, f"a test bears {row.id}: it is held, or partly and why"
    else:
        assert re.fullmatch(r"held|partly: .{10,}", row.state), f"{row.id} is {row.state!r}"
        assert row.id in BORNE, f"no test bears {row.id}"


def test_every_id_in_the_repository_is_listed() -> None:
    listed = {row.id for row in ROWS}
    unknown = {
        str(path.relative_to(ROOT)): sorted(ids - listed)
        for path, ids in NAMED.items()
        if ids - listed
    }
    assert not unknown, "write a row in docs/requirements.md, or name no id"
