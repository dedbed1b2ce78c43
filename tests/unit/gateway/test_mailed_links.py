"""The token in the URL of a mailed link, as mail programs and people pass it on."""

import base64
from datetime import UTC, datetime
from urllib.parse import quote

import pytest
from aiohttp.test_utils import make_mocked_request

from services.gateway.features.recovery import forgotten_password, lost_phone, not_me
from services.gateway.features.registration import validation_link
from services.gateway.http.forms import Form
from services.gateway.portal.mailed_links import MailedLink
from shared.security.sealing import KeyRing
from shared.security.signed_tokens import sign
from tests.support.each_row import each_row

MAILED = "q3F_w-9Zk2JxV1bT0sYcR7uLhPmNdGeA5oKiW8tXy_-"
SIGNED = sign(
    KeyRing.parse(f"k1:{base64.b64encode(bytes(range(32))).decode()}"),
    "disavowal",
    ("019", "cf05dea5e0155267b2deed0244565999"),
    datetime(2027, 1, 2, tzinfo=UTC),
)
LINKS = [
    (validation_link.LINK, MAILED),
    (forgotten_password.LINK, MAILED),
    (lost_phone.LINK, MAILED),
    (not_me.LINK, SIGNED),
]
BASE = "https://portail.exemple.fr/inscription/lien?jeton="


def token_of(link: MailedLink, query: str) -> str:
    """What the page finds in its URL."""
    return link.token_of(make_mocked_request("GET", f"/lien?{query}"), Form())


@each_row(("link", "token"), LINKS, ids=lambda row: row[0].name)
@each_row(
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


@each_row(("link", "token"), LINKS, ids=lambda row: row[0].name)
@each_row(
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


@each_row(("link", "token"), LINKS, ids=lambda row: row[0].name)
@each_row(
    "query",
    ["", "jeton=", "jeton=.", "jeton=abc", "jeton={0:.15}", "jeton={0}&jeton={1}", "jeton={0} {1}"],
)
def test_p_24_a_cut_link_and_two_different_ones_stay_incomplete(
    link: MailedLink, token: str, query: str
) -> None:
    other = f"{token[:-3]}{token[:-4:-1]}"
    assert token_of(link, query.format(token, other)) == ""


def test_p_24_a_sign_that_a_token_may_hold_is_left_out_where_it_is_too_much() -> None:
    """A markdown reader leaves its underlines; a token of fixed length shows what is too much."""
    plain = MAILED.replace("_-", "ab")
    assert token_of(validation_link.LINK, f"jeton={plain}_") == plain
    assert token_of(validation_link.LINK, f"jeton=_{plain}_") == plain


@each_row(("link", "token"), LINKS, ids=lambda row: row[0].name)
@each_row(
    "source",
    [
        "jeton=3D{0}",
        "jeton=3D{0}.",
        "jeton={1}={2}",
        "jeton={1}=%0D%0A{2}",
        "jeton={1}=%0A{2}",
        "jeton={1}=%20{2}",
        "jeton=3D{1}=%20{2}",
        "jeton=%3D{1}%3D{2}",
        "jeton=3D{0}=C2=A0",
        f"jeton=3D{{0}}%20{BASE}3D{{1}}={{2}}",
    ],
)
@pytest.mark.parametrize("at", [1, 10, 41, 42])
def test_p_24_a_link_from_the_source_of_a_mail_is_read(
    link: MailedLink, token: str, source: str, at: int
) -> None:
    assert token_of(link, source.format(token, token[:at], token[at:])) == token


def test_p_24_a_token_that_begins_as_an_encoded_sign_stays_whole() -> None:
    token = "3D" + MAILED[2:]
    assert token_of(validation_link.LINK, f"jeton={token}") == token
    assert token_of(validation_link.LINK, f"jeton=3D{token}") == token
