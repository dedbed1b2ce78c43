"""The shell commands of a page, as a reader copies them."""

import re
from pathlib import Path


def blocks(page: Path) -> list[str]:
    """The blocks of shell commands of a page, in order."""
    return re.findall(r"^```sh\n(.*?)^```", page.read_text("utf-8"), re.DOTALL | re.MULTILINE)


def block_with(page: Path, word: str, **replaced: str) -> str:
    """The one block that contains `word`, with what a reader puts in place of the names given."""
    (found,) = [one for one in blocks(page) if word in one]
    for name, value in replaced.items():
        assert name in found, f"{page} does not say where {name} goes"
        found = found.replace(name, value)
    return found
