"""Turns a mail's facts into subject, text and HTML by the house's templates or the operator's.

A whole mail is one file per language, written as plain text: its blocks are `subject`, `body` and
the `action` that its button says. Paragraphs are parted by empty lines, and their lines are run
together; one that is set in by spaces keeps its lines and is shown in a box; one that is the link
alone becomes the button. The same words make the text part and, escaped, the HTML part.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jinja2

from services.mailer.facts import Template
from services.mailer.paris import paris_date, paris_time
from shared.domain.countries import country_names

OWN_TEMPLATES = Path(__file__).parent / "templates"
PARTS = ("subject", "txt", "html")
BETWEEN_PARAGRAPHS = re.compile(r"\n\s*\n")


@dataclass(frozen=True, kw_only=True)
class Rendered:
    """What a mail says, before it is a message."""

    subject: str
    text: str
    html: str


@dataclass(frozen=True, kw_only=True)
class Paragraph:
    """Lines that belong together; `kind` is `said`, `box` or `link`."""

    kind: str
    lines: tuple[str, ...]

    @property
    def plain(self) -> str:
        """As the text part shows it."""
        return "\n".join(f"    {line}" if self.kind == "box" else line for line in self.lines)


def paragraphs(body: str, link: str | None) -> Iterator[Paragraph]:
    """The paragraphs of a whole mail's body.

    >>> [one.kind for one in paragraphs("Hello,\\n\\n  When: now\\n\\nhttps://x", "https://x")]
    ['said', 'box', 'link']
    """
    for block in BETWEEN_PARAGRAPHS.split(body.strip("\n")):
        lines = tuple(line.strip() for line in block.splitlines())
        if block.startswith("  "):
            yield Paragraph(kind="box", lines=lines)
        else:
            yield Paragraph(kind="link" if lines == (link,) else "said", lines=(" ".join(lines),))


class Renderer:
    """The templates, the operator's before the house's (B-12)."""

    def __init__(self, overrides: Path | None = None) -> None:
        places = [OWN_TEMPLATES] if overrides is None else [overrides, OWN_TEMPLATES]
        self._environment = jinja2.Environment(
            loader=jinja2.ChoiceLoader([jinja2.FileSystemLoader(place) for place in places]),
            autoescape=jinja2.select_autoescape(enabled_extensions=("html.j2",), default=False),
            undefined=jinja2.StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            auto_reload=False,
        )
        self._environment.filters |= {
            "date": paris_date,
            "time": paris_time,
            "country": lambda code, language: country_names(language).get(code, code),
        }

    def render(self, template: Template, language: str, values: Mapping[str, Any]) -> Rendered:
        """Subject, text and HTML. Raises what jinja2 raises where a template cannot be used."""
        subject, text, html = (
            self._whole(template.name, language, values)
            if template.whole
            else (self._file(f"{language}/{template.name}.{part}.j2", values) for part in PARTS)
        )
        return Rendered(subject=subject.strip(), text=text.strip() + "\n", html=html)

    def _whole(self, name: str, language: str, values: Mapping[str, Any]) -> tuple[str, str, str]:
        path = f"{language}/{name}.j2"
        subject, action, body = (
            self._file(path, {**values, "part": part}).strip("\n")
            for part in ("subject", "action", "body")
        )
        said = {
            **values,
            "subject": subject.strip(),
            "action": action.strip(),
            "paragraphs": list(paragraphs(body, values.get("link"))),
        }
        return subject, self._file("whole.txt.j2", said), self._file("whole.html.j2", said)

    def _file(self, path: str, values: Mapping[str, Any]) -> str:
        return self._environment.get_template(path).render(values)
