"""Turns a template and its data into subject, text and HTML.

A template is plain text: its blocks are `subject`, `body` and `action`, the button's label.
Paragraphs are separated by empty lines and their lines are joined; an indented one keeps its lines
and becomes a box; one that is the link alone becomes the button. The same words make the text part
and, escaped, the HTML part.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jinja2

from services.mailer.mail_templates import Template
from shared.domain.brand import Brand
from shared.domain.countries import country_names
from shared.i18n.catalogue import LANGUAGES, NO_BREAK_SPACE
from shared.i18n.dates import format_date, format_datetime, format_day, format_time
from shared.i18n.templates import CompiledTemplates, add_texts

OWN_TEMPLATES = Path(__file__).parent / "templates"
#: What every renderer of this process has compiled, by language.
COMPILED = {language: CompiledTemplates() for language in LANGUAGES}
#: Earlier releases had one file per part of a mail.
FORMER_FILE = re.compile(r"\.(subject|txt|html)\.j2$")
#: Not at a line that holds a no-break space: it stays in its box.
PARAGRAPH_BREAK = re.compile(r"\n(?:[ \t]*\n)+")


@dataclass(frozen=True, kw_only=True)
class Rendered:
    """The words of a mail."""

    subject: str
    text: str
    html: str


@dataclass(frozen=True, kw_only=True)
class Paragraph:
    """Lines that belong together; `kind` is `text`, `box` or `link`."""

    kind: str
    lines: tuple[str, ...]

    @property
    def plain(self) -> str:
        """As the text part shows it."""
        indent = "    " if self.kind == "box" else ""
        return "\n".join(f"{indent}{line}".rstrip() for line in self.lines)


def paragraphs(body: str, link: str | None) -> Iterator[Paragraph]:
    """The paragraphs of a template's body.

    >>> [one.kind for one in paragraphs("Hello,\\n\\n  When: now\\n\\nhttps://x", "https://x")]
    ['text', 'box', 'link']
    """
    for block in PARAGRAPH_BREAK.split(body.strip("\n")):
        lines = tuple(line.strip() for line in block.splitlines())
        if block.startswith("  "):
            yield Paragraph(kind="box", lines=lines)
        else:
            yield Paragraph(kind="link" if lines == (link,) else "text", lines=(" ".join(lines),))


class Renderer:
    """The templates; those of the operator come before ours (B-12).

    `overrides` has files of the same names, for both languages or in `fr/` and `en/` for one.
    """

    def __init__(self, brand: Brand, overrides: Path | None = None) -> None:
        self._overrides = overrides
        self._environments = {
            language: _environment(language, brand, overrides) for language in LANGUAGES
        }

    def render(self, template: Template, language: str, values: Mapping[str, Any]) -> Rendered:
        """Subject, text and HTML. Raises what jinja2 raises where a template cannot be used."""

        def render(file: str, **more: Any) -> str:
            text = self._environments[language].get_template(file).render({**values, **more})
            return text.strip("\n")

        file = f"{template.name}.j2"
        subject, body = render(file, part="subject").strip(), render(file, part="body")
        # Mails of the desk say it in their text.
        warned = render("never_asked.j2").strip() in body
        shown = {
            "subject": subject,
            "action": render(file, part="action").strip(),
            "paragraphs": list(paragraphs(body, values.get("link"))),
            "foot": render("foot.j2", warned=warned).splitlines(),
        }
        return Rendered(
            subject=subject,
            text=render("mail.txt.j2", **shown).strip() + "\n",
            html=render("mail.html.j2", **shown) + "\n",
        )

    def unused_files(self) -> Iterator[str]:
        """One sentence for each file of the operator that only earlier releases used."""
        if self._overrides is None:
            return
        ours = {path.name for path in OWN_TEMPLATES.iterdir()}
        for path in sorted(self._overrides.rglob("*.j2")):
            if FORMER_FILE.search(path.name) and path.name not in ours:
                name = path.relative_to(self._overrides)
                yield f"{name} is not used: each mail is one file now, such as validation.j2"


def boxed(text: str) -> str:
    """Somebody's text as one box, however many paragraphs it has.

    >>> [one.lines for one in paragraphs(boxed("One.\\n\\nTwo."), None)]
    [('One.', '', 'Two.')]
    """
    return "\n".join(f"    {line.strip() or NO_BREAK_SPACE}" for line in text.splitlines())


def _environment(language: str, brand: Brand, overrides: Path | None) -> jinja2.Environment:
    operators = [] if overrides is None else [overrides / language, overrides]
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader([*operators, OWN_TEMPLATES]),
        autoescape=jinja2.select_autoescape(enabled_extensions=("html.j2",), default=False),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
        bytecode_cache=COMPILED[language],
    )
    add_texts(environment, language)
    french = f"{brand.phone} ({brand.phone_international})"
    environment.globals |= {
        "brand": brand,
        "service": brand.service_name,
        "operator": brand.operator_name,
        "phone": french if language == "fr" else brand.phone_international,
    }
    environment.filters |= {
        "boxed": boxed,
        "date": lambda at: format_date(at, language),
        "day": lambda iso: format_day(iso, language),
        "time": lambda at: format_time(at, language),
        "datetime": lambda at: format_datetime(at, language),
        "country": lambda code: country_names(language).get(code, code),
    }
    return environment
