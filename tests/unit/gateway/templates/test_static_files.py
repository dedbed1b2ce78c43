"""The design system's bundles: complete, small, and without unused parts."""

import gzip
import os
import re
from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.test_utils import make_mocked_request

from services.gateway.http import design_system
from services.gateway.http.static_files import IMMUTABLE, Assets
from services.gateway.portal.resources import GATEWAY
from tests.support.pages.page_states import STATES
from tests.support.pages.render_pages import DSFR, Page, render

# In CI, a missing design system is a failure.
pytestmark = pytest.mark.skipif(
    not DSFR.is_dir() and os.environ.get("CI") != "true",
    reason="the design system is not installed",
)

#: Bytes transferred at most by a first visit to /connexion, and by a later one.
FIRST, LATER = 250_000, 15_000
ICONS_SEEN = 8_000


def _packed(text: str) -> int:
    return len(gzip.compress(text.encode(), 9))


def test_every_file_that_the_style_sheet_names_exists() -> None:
    for name in design_system.dsfr_files(DSFR):
        assert (DSFR / name).is_file(), name


def test_addresses_are_rewritten_by_the_caller() -> None:
    stylesheet = design_system.bundle_css(DSFR, "/static/x/dsfr/{}".format)
    outside = re.findall(r"url\((?!['\"]?(?:data:|/static/x/dsfr/|#))[^)]*\)", stylesheet)
    assert outside == []
    assert "sourceMappingURL" not in stylesheet + design_system.bundle_js(DSFR)


def test_only_the_faces_that_pages_show_are_sent() -> None:
    fonts = [name for name in design_system.dsfr_files(DSFR) if name.startswith("fonts/")]
    assert fonts == ["fonts/Marianne-Bold.woff2", "fonts/Marianne-Regular.woff2"]


def test_a_colon_after_a_column_s_name_is_set_as_in_the_language_of_the_page() -> None:
    """In one place: a blank that does not break before it in French, none in English."""
    sheets = [path.read_text("utf-8") for path in GATEWAY.rglob("static/css/*.css")]
    written = re.findall(r"content: attr\(data-label\)([^;]*);", " ".join(sheets))
    assert len(sheets) >= 2
    assert set(written) == {"", " var(--impex-colon)"}
    colons = dict(re.findall(r'(:root\S*) \{ --impex-colon: "([^"]*)"; \}', " ".join(sheets)))
    assert colons == {":root": ": ", ":root:lang(fr)": r"\00a0: "}


def test_the_dark_theme_needs_no_script() -> None:
    stylesheet = design_system.bundle_css(DSFR, "dsfr/{}".format)
    before, _, copies = stylesheet.rpartition("@media screen and (prefers-color-scheme:dark){")
    named = re.findall(r":root\[data-fr-theme=dark\]\{([^}]*)\}", before)
    assert max(map(len, named)) > 3000, "the design system's colours"
    assert all(f":root:not([data-fr-theme]){{{colours}}}" in copies for colours in named)
    assert "data-fr-theme=dark" not in copies
    assert copies.count("{") + 1 == copies.count("}")


def test_the_sign_in_page_stays_within_its_weight() -> None:
    (state,) = (state for state in STATES if state.name == "sign_in")
    page = _packed(render(Page(state)))
    fonts = sum((DSFR / f"fonts/{face}.woff2").stat().st_size for face in design_system.FONT_FACES)
    ours = [GATEWAY / "static" / name for name in ("css/impex.css", "js/theme.mjs", "js/forms.mjs")]
    stylesheet = design_system.bundle_css(DSFR, "dsfr/{}".format)
    first = page + fonts + _packed(stylesheet) + _packed(design_system.bundle_js(DSFR)) + ICONS_SEEN
    first += sum(_packed(path.read_text("utf-8")) for path in ours)
    assert page <= LATER
    assert first <= FIRST, first


async def _asked(assets: Assets, name: str) -> web.Response:
    values = {"version": assets.version, "name": name}
    answer = await assets.serve(make_mocked_request("GET", assets.url(name), match_info=values))
    assert isinstance(answer, web.Response)
    return answer


async def test_a_picture_is_read_when_it_is_asked_for(tmp_path: Path) -> None:
    (tmp_path / "help.png").write_bytes(b"\x89PNG" * 1000)
    assets = Assets([tmp_path], DSFR)
    answer = await _asked(assets, "help.png")
    assert answer.body == b"\x89PNG" * 1000
    assert answer.headers["Cache-Control"] == IMMUTABLE
    assert answer.headers["Content-Type"] == "image/png"


@pytest.mark.parametrize("replaced", [None, b"another"], ids=["removed", "changed"])
async def test_a_picture_of_another_release_is_not_sent_under_this_one(
    tmp_path: Path, replaced: bytes | None
) -> None:
    picture = tmp_path / "help.png"
    picture.write_bytes(b"\x89PNG")
    assets = Assets([tmp_path], DSFR)
    picture.unlink()
    if replaced is not None:
        picture.write_bytes(replaced)
    with pytest.raises(web.HTTPNotFound):
        await _asked(assets, "help.png")


def test_the_address_changes_with_the_content_of_any_file(tmp_path: Path) -> None:
    picture = tmp_path / "help.png"
    picture.write_bytes(b"one")
    before = Assets([tmp_path], DSFR).url("dsfr.css")
    picture.write_bytes(b"two")
    assert Assets([tmp_path], DSFR).url("dsfr.css") != before
