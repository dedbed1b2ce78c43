"""The operator's legal texts: privacy notice and legal notice, in both languages.

Files `privacy.fr.md`, `privacy.en.md`, `legal.fr.md`, `legal.en.md`, each opening with the lines
`version:` and `date:`. Read once at the start. The text is plain: `#` headings, `-` lists,
`**strong**` and paragraphs; anything else is shown as it is written, never as HTML.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from markupsafe import Markup, escape

NAMES = ("privacy", "legal")
LANGUAGES = ("fr", "en")
FRONT = re.compile(r"version: *(\S{1,40})\ndate: *(\d{4}-\d{2}-\d{2})\n\s*", re.ASCII)
STRONG = re.compile(r"\*\*([^*\n]{1,500})\*\*")
#: The spaces that French keeps unbroken: before its tall signs, and inside its quotation marks.
FRENCH_SPACE = re.compile(r" (?=[;:?!»])|(?<=«) ")


@dataclass(frozen=True)
class LegalText:
    """One text in one language, as served; `sha256` is that of the file."""

    version: str
    date: str
    sha256: str
    text: str


def legal_problems(folder: Path) -> list[str]:
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


def as_html(text: str) -> Markup:
    """Headings, lists and paragraphs of a plain text, everything else escaped (IN-03).

    Headings start at the second level, since the page has its own first.
    """
    return Markup("\n").join(
        _block(block) for block in re.split(r"\n[ \t]*\n", text) if block.strip()
    )


def _inline(text: str) -> Markup:
    """`**strong**`, everything else escaped; no line begins with a French sign of punctuation."""
    kept = FRENCH_SPACE.sub("\u00a0", str(escape(text)))
    return Markup(STRONG.sub(r"<strong>\1</strong>", kept))  # noqa: S704


def _block(block: str) -> Markup:
    lines = [line.strip() for line in block.strip().splitlines()]
    parts: list[Markup] = []
    paragraph: list[str] = []
    items: list[str] = []

    def flush() -> None:
        if paragraph:
            parts.append(Markup("<p>%s</p>") % _inline(" ".join(paragraph)))
            paragraph.clear()
        if items:
            rows = Markup("").join(Markup("<li>%s</li>") % _inline(item) for item in items)
            parts.append(Markup("<ul>%s</ul>") % rows)
            items.clear()

    for line in lines:
        if heading := re.match(r"(#{1,4}) +(\S.*)", line):
            flush()
            level = len(heading[1]) + 1
            parts.append(Markup(f"<h{level}>{_inline(heading[2])}</h{level}>"))  # noqa: S704
        elif item := re.match(r"[-*] +(\S.*)", line):
            if paragraph:
                flush()
            items.append(item[1])
        elif items:
            items[-1] += f" {line}"
        else:
            paragraph.append(line)
    flush()
    return Markup("\n").join(parts)
