"""The token in the URL of a mailed link, as mail programs and people pass it on."""

from urllib.parse import quote

import pytest
from aiohttp.test_utils import make_mocked_request

from services.gateway.features.recovery import forgotten_password, lost_phone, not_me
from services.gateway.features.registration import validation_link
from services.gateway.http.forms import Form
from services.gateway.portal.mailed_links import MailedLink

MAILED = "q3F_w-9Zk2JxV1bT0sYcR7uLhPmNdGeA5oKiW8tXy_-"
SIGNED = "k1.eyJhIjoiMDE5In0_x.2Tq9-LwYp0ZbUa7cVdXe"
LINKS = [
    pytest.param(validation_link.LINK, MAILED, id="validation"),
    pytest.param(forgotten_password.LINK, MAILED, id="password"),
    pytest.param(lost_phone.LINK, MAILED, id="lost phone"),
    pytest.param(not_me.LINK, SIGNED, id="not me"),
]
BASE = "https://portail.exemple.fr/inscription/lien?jeton="


def token_of(link: MailedLink, query: str) -> str:
    """What the page finds in its URL."""
    return link.token_of(make_mocked_request("GET", f"/lien?{query}"), Form())


@pytest.mark.parametrize(("link", "token"), LINKS)
@pytest.mark.parametrize(
    "around",
    [
        "{}",
        "{}.",
        "{}...",
        "{}…",
        "{})",
        "({})",
        "{}).",
        "<{}>",
        "{}>",
        "« {} »",
        "“{}”",
        "{}'",
        '{}"',
        "{},",
        "{};",
        "{}:",
        "{}!",
        "{}?",
        "{}*",
        "[{}]",
        "{}]",
        " {} ",
        "{}\u00a0",
        "{}\u200b",
        "\ufeff{}",
        "{}\r\n",
        "{}=",
        "{}/",
        "{} Merci",
        "{}, puis choisissez",
    ],
)
def test_p_24_signs_at_the_edges_of_a_link_are_left_out(
    link: MailedLink, token: str, around: str
) -> None:
    given = around.format(token)
    assert token_of(link, f"jeton={quote(given)}") == token


@pytest.mark.parametrize(("link", "token"), LINKS)
@pytest.mark.parametrize(
    "query",
    [
        "jeton={0}&jeton={0}",
        "jeton={0}.&jeton={0})",
        "jeton={0}{0}",
        "jeton={0}{0}.",
        "jeton={0}%20{0}",
        "jeton={0},{0}",
        f"jeton={{0}}{BASE}{{0}}",
        f"jeton={{0}}%20{BASE}{{0}}.",
        f"jeton=<{{0}}><{BASE}{{0}}>",
        "jeton={0}&utm_source=mail",
        "utm_source=mail&jeton={0}.",
    ],
)
def test_p_24_the_same_token_twice_is_one(link: MailedLink, token: str, query: str) -> None:
    assert token_of(link, query.format(token)) == token


@pytest.mark.parametrize(("link", "token"), LINKS)
@pytest.mark.parametrize(
    "query",
    ["", "jeton=", "jeton=.", "jeton=abc", "jeton={0:.15}", "jeton={0}&jeton={1}", "jeton={0} {1}"],
)
def test_p_24_a_cut_link_and_two_different_ones_stay_incomplete(
    link: MailedLink, token: str, query: str
) -> None:
    assert token_of(link, query.format(token, token[::-1])) == ""


def test_p_24_a_sign_that_a_token_may_hold_is_left_out_where_it_is_too_much() -> None:
    """A markdown reader leaves its underlines; a token of fixed length shows what is too much."""
    plain = MAILED.replace("_-", "ab")
    assert token_of(validation_link.LINK, f"jeton={plain}_") == plain
    assert token_of(validation_link.LINK, f"jeton=_{plain}_") == plain
