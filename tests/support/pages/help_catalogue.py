"""The pictures of the help page: what each shows, and whether it is current.

`tests/journeys/help_screenshots.py` takes them of a running portal, and records a digest of the
screen's rendered template, with invented data. When texts, parts or styles of the screen change,
the digest differs, and the pictures must be taken again.
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
#: Selectors and declarations of a style sheet, without enclosing groups (`@media`).
RULE = re.compile(r"([^{}]+)\{([^{}]*)\}")
OURS = re.compile(r"impex-[\w-]+")


@dataclass(frozen=True)
class Picture:
    """One picture: its name, the state of `page_states` that it shows, and which part of it.

    With `mail`, the picture shows a message instead of a page.
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
    """A digest of the texts and styles of the picture's screen, in one language."""
    if picture.mail:
        return _digest(html_of(picture.mail, language))
    state = next(state for state in STATES if state.name == picture.state)
    page = BeautifulSoup(render(Page(state, language)), "lxml")
    (part,) = page.select(picture.part)
    for unseen in part.select("input[type=hidden], script"):
        unseen.decompose()
    text = " ".join(str(part).split())
    return _digest(text + _looks(text) + _design_system())


def is_current(picture: Picture, language: str) -> bool:
    """Whether a picture exists, is unaltered, and shows the current screen."""
    note, file = notes().get(language, {}).get(picture.name), path(language, picture.name)
    if note is None or not file.exists():
        return False
    return bool(note["shows"] == shown(picture, language) and note["file"] == digest_of(file))


def notes() -> dict[str, dict[str, dict[str, Any]]]:
    """The recorded digests of each picture, by language and name."""
    found: dict[str, dict[str, dict[str, Any]]] = json.loads(NOTES.read_text("utf-8"))
    return found


def path(language: str, name: str) -> Path:
    """The path of a picture."""
    return FOLDER / language / f"{name}.png"


def digest_of(file: Path) -> str:
    """A digest of a picture's bytes."""
    return hashlib.sha256(file.read_bytes()).hexdigest()[:32]


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def _looks(html: str) -> str:
    """The rules of our style sheet for this part."""
    stylesheet = (GATEWAY / "static/css/impex.css").read_text("utf-8")
    named = set(OURS.findall(html))
    rules = [rule[0] for rule in RULE.finditer(stylesheet) if _speaks_of(rule[1], named)]
    return "\n".join(" ".join(rule.split()) for rule in rules)


def _speaks_of(selectors: str, named: set[str]) -> bool:
    """Whether one of the selectors has classes of ours that all occur in the part."""
    ours = (set(OURS.findall(selector)) for selector in selectors.split(","))
    return any(classes and classes <= named for classes in ours)


def _design_system() -> str:
    lock = json.loads((PROJECT / "package-lock.json").read_text("utf-8"))
    return str(lock["packages"]["node_modules/@gouvfr/dsfr"]["version"])
