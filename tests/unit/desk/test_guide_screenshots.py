"""The pictures of the agents' guide: complete, small, and of the current screens."""

import pytest
from bs4 import BeautifulSoup
from PIL import Image

from services.gateway.desk.features.help import guide_screenshots
from shared.i18n.catalogue import LANGUAGES
from tests.support.pages.desk_states import STATES, render
from tests.support.pages.help_catalogue import GUIDE, Picture

AGAIN = "the screen has changed: make pictures takes it again"
#: Bytes of all pictures together.
MAX_BYTES = 600_000


@pytest.mark.parametrize("picture", GUIDE.pictures, ids=lambda picture: str(picture.name))
@pytest.mark.parametrize("language", LANGUAGES)
def test_each_picture_shows_the_screen_as_it_is(picture: Picture, language: str) -> None:
    assert GUIDE.is_current(picture, language), AGAIN


def test_there_are_these_pictures_and_no_others() -> None:
    expected = sorted(f"{lang}/{one.name}.png" for one in GUIDE.pictures for lang in LANGUAGES)
    assert sorted(str(one.relative_to(GUIDE.folder)) for one in GUIDE.folder.rglob("*.*")) == (
        expected
    )
    assert sum(one.stat().st_size for one in GUIDE.folder.rglob("*.png")) <= MAX_BYTES


@pytest.mark.parametrize("language", LANGUAGES)
def test_ax_06_every_picture_is_in_the_guide_once_with_a_text_and_its_size(language: str) -> None:
    state = next(one for one in STATES if one.name == "desk-help")
    figures = BeautifulSoup(render(state, language), "lxml").select("main figure")
    sizes = guide_screenshots.load()[language]
    named = []
    for figure in figures:
        (image,) = figure.select("img")
        name = str(image["src"]).rpartition("/")[2].removesuffix(".png")
        with Image.open(GUIDE.path(language, name)) as picture:
            assert picture.size == (sizes[name].width * 2, sizes[name].height * 2)
        assert (str(sizes[name].width), str(sizes[name].height)) == (
            image["width"],
            image["height"],
        )
        assert len(str(image["alt"])) > 40
        named.append(name)
    assert named == [one.name for one in GUIDE.pictures]
