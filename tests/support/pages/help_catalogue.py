"""The pictures of help pages: what each shows, and whether it is current.

`tests/journeys/help_screenshots.py` takes them, and records a digest of the
screen's rendered template, with invented data. When texts, parts or styles of the screen change,
the digest differs, and the pictures must be taken again.
"""

import hashlib
import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bs4 import BeautifulSoup

from services.gateway.desk.features.help import guide_screenshots
from services.gateway.desk.resources import DESK
from services.gateway.features.help import help_screenshots
from services.gateway.portal.resources import GATEWAY
from tests.support.mail.sample_mails import html_of
from tests.support.pages import desk_states
from tests.support.pages.page_states import STATES
from tests.support.pages.render_pages import PROJECT, Page, render

#: Selectors and declarations of a style sheet, without enclosing groups (`@media`).
RULE = re.compile(r"([^{}]+)\{([^{}]*)\}")
OURS = re.compile(r"(?:impex|desk)-[\w-]+")


@dataclass(frozen=True)
class Picture:
    """One picture: its name, the state that it shows, and which part of it.

    With `mail`, the picture shows a message instead of a page.
    """

    name: str
    state: str = ""
    part: str = "main"
    mail: str = ""


@dataclass(frozen=True)
class Catalogue:
    """The pictures of one page. `render` makes the page of a state in a language; `styles` are our
    style sheets for it.
    """

    notes_file: Path
    folder: Path
    pictures: tuple[Picture, ...]
    render: Callable[[str, str], str]
    styles: tuple[Path, ...]

    def shown(self, picture: Picture, language: str) -> str:
        """A digest of the texts and styles of the picture's screen, in one language."""
        if picture.mail:
            return _digest(html_of(picture.mail, language))
        page = BeautifulSoup(self.render(picture.state, language), "lxml")
        (part,) = page.select(picture.part)
        for unseen in part.select("input[type=hidden], script"):
            unseen.decompose()
        text = " ".join(str(part).split())
        return _digest(text + self._looks(text) + _design_system())

    def is_current(self, picture: Picture, language: str) -> bool:
        """Whether a picture exists, is unaltered, and shows the current screen."""
        note = self.notes().get(language, {}).get(picture.name)
        file = self.path(language, picture.name)
        if note is None or not file.exists():
            return False
        return bool(
            note["shows"] == self.shown(picture, language) and note["file"] == digest_of(file)
        )

    def notes(self) -> dict[str, dict[str, dict[str, Any]]]:
        """The recorded digests of each picture, by language and name."""
        found: dict[str, dict[str, dict[str, Any]]] = json.loads(self.notes_file.read_text("utf-8"))
        return found

    def path(self, language: str, name: str) -> Path:
        """The path of a picture."""
        return self.folder / language / f"{name}.png"

    def _looks(self, html: str) -> str:
        """The rules of our style sheets for this part."""
        named = set(OURS.findall(html))
        text = "".join(sheet.read_text("utf-8") for sheet in self.styles)
        rules = [rule[0] for rule in RULE.finditer(text) if _speaks_of(rule[1], named)]
        return "\n".join(" ".join(rule.split()) for rule in rules)


def digest_of(file: Path) -> str:
    """A digest of a picture's bytes."""
    return hashlib.sha256(file.read_bytes()).hexdigest()[:32]


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def _speaks_of(selectors: str, named: set[str]) -> bool:
    """Whether one of the selectors has classes of ours that all occur in the part."""
    ours = (set(OURS.findall(selector)) for selector in selectors.split(","))
    return any(classes and classes <= named for classes in ours)


def _design_system() -> str:
    lock = json.loads((PROJECT / "package-lock.json").read_text("utf-8"))
    return str(lock["packages"]["node_modules/@gouvfr/dsfr"]["version"])


def _portal_page(name: str, language: str) -> str:
    state = next(state for state in STATES if state.name == name)
    return render(Page(state, language))


def _desk_page(name: str, language: str) -> str:
    state = next(state for state in desk_states.STATES if state.name == name)
    return desk_states.render(state, language)


STYLE = GATEWAY / "static/css/impex.css"
HELP = Catalogue(
    notes_file=help_screenshots.NOTES,
    folder=GATEWAY / "features/help/static" / help_screenshots.FOLDER,
    pictures=(
        Picture("sign_in", "sign_in"),
        Picture("register", "register"),
        Picture("validation", "validation-accepted"),
        Picture("mail", mail="validation"),
        Picture("verified", "verified"),
        Picture("terms", "terms"),
        Picture("creation", "creation-done", "#creation"),
        Picture("enrolment", "enrol"),
        Picture("codes", "codes"),
        Picture("person", "information"),
        Picture("establishment", "information"),
        Picture("confirmation", "information-dialog", "#validation"),
        Picture("home", "home"),
        Picture("code", "code"),
    ),
    render=_portal_page,
    styles=(STYLE,),
)
GUIDE = Catalogue(
    notes_file=guide_screenshots.NOTES,
    folder=DESK / "features/help/static" / guide_screenshots.FOLDER,
    pictures=(
        Picture("queue", "desk-requests"),
        Picture("call", "desk-call-number"),
        Picture("word", "desk-call-word"),
        Picture("approval", "desk-approval-lost_phone"),
    ),
    render=_desk_page,
    styles=(STYLE, DESK / "static/css/desk.css"),
)
