"""The pictures of the help page: what each shows, and whether it still does.

A picture is taken of a running portal by `tests/journeys/help_screenshots.py`, which notes beside
it what the templates say of that screen, with made-up facts. When words, parts or looks of the
screen change, the note no longer fits, and the pictures are to be taken again.
"""

import hashlib
import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bs4 import BeautifulSoup

from services.gateway.features.help import help_screenshots
from services.gateway.portal.resources import GATEWAY
from tests.support.mail.sample_mails import html_of
from tests.support.pages.page_states import STATES
from tests.support.pages.render_pages import PROJECT, Page, render

NOTES = help_screenshots.NOTES
FOLDER = GATEWAY / "features/help/static" / help_screenshots.FOLDER
#: Of one style sheet: selectors and declarations; what groups them (`@media`) is left out.
RULE = re.compile(r"([^{}]+)\{([^{}]*)\}")
OURS = re.compile(r"impex-[\w-]+")


@dataclass(frozen=True)
class Picture:
    """One picture: its name, the state of `page_states` that it shows, and which part of it.

    A `mail` is shown instead where it is named: the picture is of a message, not of a page.
    """

    name: str
    state: str = ""
    part: str = "main"
    mail: str = ""


PICTURES: tuple[Picture, ...] = (
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
)


def shown(picture: Picture, language: str) -> str:
    """A digest of what the picture's screen says and how it looks, in one language."""
    if picture.mail:
        return _digest(html_of(picture.mail, language))
    state = next(state for state in STATES if state.name == picture.state)
    page = BeautifulSoup(render(Page(state, language)), "lxml")
    (part,) = page.select(picture.part)
    for unseen in part.select("input[type=hidden], script"):
        unseen.decompose()
    text = " ".join(str(part).split())
    return _digest(text + _looks(text) + _design_system())


def stands(picture: Picture, language: str) -> bool:
    """Whether a picture is there, as it was taken, and shows the screen as it is."""
    note, file = notes().get(language, {}).get(picture.name), path(language, picture.name)
    if note is None or not file.exists():
        return False
    return bool(note["shows"] == shown(picture, language) and note["file"] == digest_of(file))


def notes() -> dict[str, dict[str, dict[str, Any]]]:
    """What was noted of each picture, by language and name."""
    found: dict[str, dict[str, dict[str, Any]]] = json.loads(NOTES.read_text("utf-8"))
    return found


def path(language: str, name: str) -> Path:
    """Where a picture is."""
    return FOLDER / language / f"{name}.png"


def digest_of(file: Path) -> str:
    """A digest of a picture's bytes."""
    return hashlib.sha256(file.read_bytes()).hexdigest()[:32]


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def _looks(html: str) -> str:
    """The rules of our style sheet that speak of this part."""
    sheet = (GATEWAY / "static/css/impex.css").read_text("utf-8")
    named = set(OURS.findall(html))
    rules = [rule[0] for rule in RULE.finditer(sheet) if _speaks_of(rule[1], named)]
    return "\n".join(" ".join(rule.split()) for rule in rules)


def _speaks_of(selectors: str, named: set[str]) -> bool:
    """Whether one of the selectors names classes of ours, and all of them are in the part."""
    ours = (set(OURS.findall(selector)) for selector in selectors.split(","))
    return any(classes and classes <= named for classes in ours)


def _design_system() -> str:
    lock = json.loads((PROJECT / "package-lock.json").read_text("utf-8"))
    return str(lock["packages"]["node_modules/@gouvfr/dsfr"]["version"])
