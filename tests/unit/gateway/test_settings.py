"""The gateway's settings and the operator's legal texts."""

from pathlib import Path

import pytest
from bs4 import BeautifulSoup

from services.gateway.features.legal.legal_texts import LegalTexts
from services.gateway.http.sliding_window import MAX_KEYS, SlidingWindow
from services.gateway.http.static_files import find_dsfr
from services.gateway.portal.plain_text import as_html
from services.gateway.settings import GatewaySettings
from shared.errors import ConfigurationError
from shared.security.sealing import new_key
from shared.settings import load

TRY_OUT = {
    "IMPEX_GATEWAY_DATABASE_URL": "postgresql://impex_gateway@127.0.0.1/impex",
    "IMPEX_GATEWAY_AMQP_URL": "amqp://gateway:x@127.0.0.1/",
    "IMPEX_SESSION_KEYS": new_key(),
    "IMPEX_SEAL_KEYS_REGISTRATION": new_key(),
    "IMPEX_SEAL_KEYS_MFA": new_key(),
    "IMPEX_SEAL_KEYS_PROFILE": new_key(),
    "IMPEX_SEAL_KEYS_SUPPORT": new_key(),
    "IMPEX_SEAL_KEYS_GATEWAY": new_key(),
}
TEXT = "version: 2\ndate: 2026-01-31\n\n# Titre\n\nDu <b>texte</b>.\n"


def problems(**settings: str) -> dict[str, str]:
    with pytest.raises(ConfigurationError) as error:
        load(GatewaySettings, {**TRY_OUT, **settings})
    return dict(error.value.problems)


def legal_folder(folder: Path) -> Path:
    for name in ("privacy", "legal"):
        for language in ("fr", "en"):
            (folder / f"{name}.{language}.md").write_text(TEXT)
    return folder


def test_the_try_out_needs_keys_and_servers_only() -> None:
    settings = load(GatewaySettings, TRY_OUT)
    assert settings.theme == "dsfr"
    assert not settings.secure
    assert settings.brand.phone == "01.55.87.40.90"


def test_s_11_off_loopback_proxies_are_named_or_denied(tmp_path: Path) -> None:
    """Without a word every client would count as the proxy's network."""
    public = {"IMPEX_BASE_URL": "https://portal.agency.example"}
    assert "none" in problems(**public)["IMPEX_TRUSTED_PROXIES"]
    for given in ("none", "10.0.0.0/8", "10.0.0.0/8,2001:db8::/32"):
        assert "IMPEX_TRUSTED_PROXIES" not in problems(**public, IMPEX_TRUSTED_PROXIES=given)
    settings = load(GatewaySettings, {**TRY_OUT, "IMPEX_TRUSTED_PROXIES": "none"})
    assert settings.proxies == load(GatewaySettings, TRY_OUT).proxies == ()


def test_off_loopback_brand_and_legal_texts_are_required() -> None:
    found = problems(IMPEX_BASE_URL="https://portal.agency.example")
    assert found["IMPEX_UI_THEME"] == "must be chosen: dsfr or neutral"
    assert "IMPEX_TRUSTED_PROXIES" in found, "S-11"
    assert found["IMPEX_LEGAL_DIR"] == "is required off the loopback address"
    assert "IMPEX_OPERATOR_NAME" in found


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("IMPEX_TRUSTED_PROXIES", "10.0.0.0/8,proxy"),
        ("IMPEX_TRUSTED_PROXIES", "none,10.0.0.0/8"),
        ("IMPEX_UI_THEME", "pink"),
        ("IMPEX_GATEWAY_PORT", "70000"),
        ("IMPEX_SESSION_KEYS", "k1:AAAA"),
        ("IMPEX_STREAMS_PER_VISITOR", "0"),
    ],
)
def test_a_wrong_setting_is_named(name: str, value: str) -> None:
    assert list(problems(**{name: value})) == [name]


def test_legal_texts_are_read_with_version_and_hash(tmp_path: Path) -> None:
    settings = load(GatewaySettings, {**TRY_OUT, "IMPEX_LEGAL_DIR": str(legal_folder(tmp_path))})
    text = LegalTexts(settings.legal_dir).get("privacy", "en")
    assert text is not None
    assert (text.version, text.date, len(text.sha256)) == ("2", "2026-01-31", 64)
    assert LegalTexts(None).get("privacy", "fr") is None


@pytest.mark.parametrize("content", [None, b"", b"no front\n", b"version: 1\n", b"\xff\xfe"])
def test_a_legal_text_that_cannot_be_used_stops_the_start(
    tmp_path: Path, content: bytes | None
) -> None:
    folder = legal_folder(tmp_path)
    path = folder / "legal.en.md"
    path.unlink() if content is None else path.write_bytes(content)
    assert "legal.en.md" in problems(IMPEX_LEGAL_DIR=str(folder))["IMPEX_LEGAL_DIR"]


def test_in_03_a_legal_text_never_becomes_markup() -> None:
    html = as_html(
        "# A & <b>\n\n- one\n- two <script>\n  more\n\npara **strong <i>**\nline\n## B\nend",
        {},
    )
    assert html == (
        "<h2>A &amp; &lt;b&gt;</h2>\n<ul>\n<li>one</li>\n<li>two &lt;script&gt;\nmore</li>\n</ul>\n"
        "<p>para <strong>strong &lt;i&gt;</strong>\nline</p>\n<h3>B</h3>\n<p>end</p>\n"
    )


@pytest.mark.parametrize(
    "text",
    [
        "[a](javascript:alert(1))",
        "![a](https://x.example/a.png)",
        "<https://x.example>",
        "`a` ~~b~~ &lt;",
        "> a",
        "```\nhtml\n```",
    ],
)
def test_in_03_other_markdown_is_shown_as_it_is_written(text: str) -> None:
    page = BeautifulSoup(as_html(text, {}), "html.parser")
    assert page.get_text().strip() == text
    assert {tag.name for tag in page.find_all()} == {"p"}


def test_a_legal_text_names_the_service() -> None:
    names = {"service": "PORTALIX <b>"}
    assert as_html("# {service} {other}", names) == "<h2>PORTALIX &lt;b&gt; {other}</h2>\n"


def test_no_line_of_a_legal_text_begins_with_a_french_sign() -> None:
    assert as_html("gratuit ; « CGU » : oui", {}) == (
        "<p>gratuit\u00a0; «\u00a0CGU\u00a0»\u00a0: oui</p>\n"
    )


def test_the_design_system_must_be_there(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError) as error:
        find_dsfr(tmp_path)
    assert error.value.problems[0][0] == "IMPEX_DSFR_DIR"


def test_au_17_a_window_counts_each_key_and_expires() -> None:
    window = SlidingWindow(2, 60)
    assert [window.wait("a", now) for now in (0, 1, 2)] == [0, 0, 58]
    assert window.wait("b", 2) == 0
    assert window.wait("a", 60) == 0
    for number in range(MAX_KEYS + 5):
        window.wait(str(number), 61)
    assert len(window._times) == MAX_KEYS
