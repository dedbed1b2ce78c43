"""Plain texts of the operator as HTML: `#` headings, `-` lists, `**strong**` and paragraphs.

Anything else is shown as it is written, never as HTML (IN-03).
"""

from __future__ import annotations

import re

from markupsafe import Markup, escape

STRONG = re.compile(r"\*\*([^*\n]{1,500})\*\*")
#: Spaces where French typography forbids a line break.
FRENCH_SPACE = re.compile(r" (?=[;:?!»])|(?<=«) ")


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
