"""The operator's legal texts: privacy notice and legal notice, in both languages.

Files `privacy.fr.md`, `privacy.en.md`, `legal.fr.md`, `legal.en.md`, each opening with the lines
`version:` and `date:`. Read once at the start. The text is plain: `#` headings, `-` lists,
`**strong**` and paragraphs; anything else is shown as it is written, never as HTML.
"""

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from aiohttp import web

NAMES = ("privacy", "legal")
LANGUAGES = ("fr", "en")
FRONT = re.compile(r"version: *(\S{1,40})\ndate: *(\d{4}-\d{2}-\d{2})\n\s*", re.ASCII)


@dataclass(frozen=True)
class LegalText:
    """One text in one language, as served; `sha256` is that of the file."""

    version: str
    date: str
    sha256: str
    text: str


def validate_folder(folder: Path) -> list[str]:
    """What is wrong with a folder of legal texts, one sentence for each file."""
    problems = []
    for name in _file_names():
        try:
            read_legal(folder / name)
        except (OSError, ValueError) as error:
            problems.append(f"holds no usable {name}: {error}")
    return problems


def _file_names() -> Iterator[str]:
    return (f"{name}.{language}.md" for name in NAMES for language in LANGUAGES)


def read_legal(path: Path) -> LegalText:
    """Read one file; ValueError or OSError says what is wrong with it."""
    raw = path.read_bytes()
    content = raw.decode("utf-8").replace("\r\n", "\n")
    front = FRONT.match(content)
    if front is None:
        raise ValueError("it must open with the lines `version:` and `date: YYYY-MM-DD`")
    text = content[front.end() :].strip()
    if not text:
        raise ValueError("it has no text")
    return LegalText(front[1], front[2], hashlib.sha256(raw).hexdigest(), text)


class LegalTexts:
    """Every legal text of a folder, by name and language; empty where there is no folder."""

    def __init__(self, folder: Path | None) -> None:
        self._texts = {}
        if folder is not None:
            self._texts = {name: read_legal(folder / name) for name in _file_names()}

    def get(self, name: str, language: str) -> LegalText | None:
        """The operator's text, or None where the model text of the page is to be shown."""
        return self._texts.get(f"{name}.{language}.md")


LEGAL = web.AppKey("legal", LegalTexts)
