"""The pictures of the help page: complete, small, of the current screens, and without a readable QR
code.
"""

import pytest
import zxingcpp
from PIL import Image

from services.gateway.features.help import help_screenshots
from shared.i18n.catalogue import LANGUAGES
from tests.support.pages.help_catalogue import HELP, Picture
from tests.support.pages.render_pages import Page
from tests.unit.gateway.templates.parsed_pages import ALL, soup

EACH = [
    pytest.param(picture, language, id=f"{picture.name}-{language}")
    for picture in HELP.pictures
    for language in LANGUAGES
]
GUIDES = [page for page in ALL if page.state.name == "help_creation" and page.theme == "dsfr"]
#: Bytes of all pictures together.
MAX_BYTES = 1_500_000
AGAIN = "the screen has changed: make pictures takes it again"


@pytest.mark.parametrize(("picture", "language"), EACH)
def test_g_02_each_picture_shows_the_screen_as_it_is(picture: Picture, language: str) -> None:
    assert HELP.is_current(picture, language), AGAIN


def test_g_02_there_are_these_pictures_and_no_others() -> None:
    expected = sorted(
        f"{language}/{one.name}.png" for one in HELP.pictures for language in LANGUAGES
    )
    assert sorted(str(one.relative_to(HELP.folder)) for one in HELP.folder.rglob("*.*")) == expected
    assert sum(one.stat().st_size for one in HELP.folder.rglob("*.png")) <= MAX_BYTES


def test_g_02_a_picture_of_a_code_qr_cannot_be_scanned_by_mistake() -> None:
    for picture in HELP.pictures:
        for language in LANGUAGES:
            seen = Image.open(HELP.path(language, picture.name)).convert("L").reduce(2)
            assert not zxingcpp.read_barcodes(seen), (language, picture.name)


@pytest.mark.parametrize("page", GUIDES, ids=lambda page: str(page.language))
def test_g_02_ax_06_every_picture_is_on_the_page_once_with_a_text_and_its_size(page: Page) -> None:
    language = page.language
    sizes = help_screenshots.load()[language]
    shown_ones = soup(page).select("main figure")
    assert len(shown_ones) == len(HELP.pictures)
    for figure in shown_ones:
        (image,) = figure.select("img")
        name = str(image["src"]).rpartition("/")[2].removesuffix(".png")
        assert image["src"] == f"static/images/help/{language}/{name}.png"
        with Image.open(HELP.path(language, name)) as picture:
            shown_size = int(str(image["width"])), int(str(image["height"]))
            assert picture.size == (shown_size[0] * 2, shown_size[1] * 2)
        assert (sizes[name].width, sizes[name].height) == shown_size
        assert len(str(image["alt"])) > 40
        assert image["loading"] == "lazy"
        (link,) = figure.select("figcaption a")
        assert link["href"] == image["src"]
        assert str(figure["aria-label"]) in link.get_text()
