"""Commands, paths and links that the documents name exist."""

import re
import shlex
import subprocess
from pathlib import Path

import pytest

from operations.cli import parser

ROOT = Path(__file__).resolve().parents[2]
PAGES = [
    ROOT / name
    for name in subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "*.md"],
        cwd=ROOT,
        capture_output=True,
        check=True,
        text=True,
    ).stdout.splitlines()
    if (ROOT / name).is_file() and name != "CHANGELOG.md"
]
CONTRIBUTING = ROOT / "CONTRIBUTING.md"
TARGETS = set(re.findall(r"^([a-z]\w*):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))


def name(path: Path) -> str:
    """A page's path in the repository."""
    return str(path.relative_to(ROOT))


def commands(text: str) -> list[list[str]]:
    """Every command of `make` or `impex` in blocks of shell and between backticks."""
    blocks = re.findall(r"```sh\n(.*?)```", text, re.DOTALL)
    lines = [line for block in blocks for line in block.splitlines()]
    lines += re.findall(r"`((?:make|(?:\.venv/bin/)?impex) [^`]+)`", text)
    own = (line for line in lines if re.match(r"(make|(\.venv/bin/)?impex) ", line))
    return [shlex.split(line.partition(" #")[0]) for line in own if "…" not in line]


def is_accepted(words: list[str]) -> bool:
    """Whether `impex` accepts these arguments; a verb alone may lack its positional ones."""
    if not any(word.startswith("-") for word in words):
        words = [*words, "--help"]
    try:
        parser().parse_args(words)
    except SystemExit as ended:
        return ended.code == 0
    return True


def anchors(page: Path) -> set[str]:
    """The names under which headings of a page can be linked."""
    headings = re.findall(r"^#+ (.+)$", page.read_text("utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", one.lower()).replace(" ", "-") for one in headings}


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_commands_exist(page: Path) -> None:
    for program, *words in commands(page.read_text("utf-8")):
        if program == "make":
            assert {word for word in words if "=" not in word} <= TARGETS, words
        else:
            assert is_accepted(words), words


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_links_have_targets(page: Path) -> None:
    for target in re.findall(r"\]\(([^)\s]+)\)", page.read_text("utf-8")):
        if "://" in target:
            continue
        path, _, anchor = target.partition("#")
        linked = (page.parent / path).resolve() if path else page
        assert linked.exists(), target
        assert not anchor or anchor in anchors(linked), target


def test_paths_that_contributing_names_exist() -> None:
    named = re.findall(r"`([\w./*-]*/[\w./*-]*)`", CONTRIBUTING.read_text("utf-8"))
    assert named
    for path in named:
        assert any(ROOT.glob(path.rstrip("/"))), path
