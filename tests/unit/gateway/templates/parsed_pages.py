"""Rendered pages read as trees, each once."""

from functools import cache

from bs4 import BeautifulSoup, Tag

from tests.support.pages.render_pages import Page, pages, render

ALL = tuple(pages())
FRENCH = tuple(page for page in ALL if page.language == "fr" and page.theme == "dsfr")


@cache
def soup(page: Page) -> BeautifulSoup:
    """The page as a tree."""
    return BeautifulSoup(render(page), "lxml")


def one(page: Page, selector: str) -> Tag:
    """The only element of a selector."""
    found = soup(page).select(selector)
    assert len(found) == 1, f"{selector}: {len(found)}"
    return found[0]


def state(name: str) -> Page:
    """A state in French."""
    return next(page for page in FRENCH if page.state.name == name)
