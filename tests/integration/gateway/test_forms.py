"""Form tokens and what forms refuse: tokens, cookies, fields, sizes (WF-05, SE, AZ-03)."""

from urllib.parse import quote

import pytest

from tests.support.actors.http_browser import HttpBrowser
from tests.support.servers.portal import PASSWORD, Portal

pytestmark = pytest.mark.asyncio(loop_scope="package")

URLENCODED = "application/x-www-form-urlencoded"
FORMS = ("/connexion", "/inscription", "/inscription/annuler", "/langue")


async def fresh(browser: HttpBrowser, action: str) -> dict[str, str]:
    """The fields of a form, from the page that has it."""
    page = await browser.get("/aide" if action == "/langue" else action)
    return page.form(action)


@pytest.mark.parametrize("action", FORMS)
@pytest.mark.parametrize("token", ["missing", "empty", "wrong", "tampered", "other"])
async def test_wf_05_a_form_needs_the_token_of_its_own_browser(
    portal: Portal, action: str, token: str
) -> None:
    browser, other = portal.browser(), portal.browser()
    fields = await fresh(browser, action)
    theirs = await fresh(other, action)
    given = {
        "missing": None,
        "empty": "",
        "wrong": "a" * 43,
        "tampered": fields["csrf"][:-2] + ("AA" if not fields["csrf"].endswith("AA") else "BB"),
        "other": theirs["csrf"],
    }[token]
    fields.pop("csrf")
    if given is not None:
        fields["csrf"] = given
    answer = await browser.send_form(action, fields)
    assert answer.status == 403
    assert "Formulaire expiré" in answer.h1


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Sec-Fetch-Site": "same-site"}, 403),
        ({"Sec-Fetch-Site": "cross-site", "Origin": "{base}"}, 403),
        ({"Sec-Fetch-Site": "same-origin", "Origin": "https://evil.example"}, 200),
        ({"Sec-Fetch-Site": "none"}, 200),
        ({"Origin": "https://evil.example"}, 403),
        ({"Origin": "null"}, 403),
        ({"Origin": "{base}"}, 200),
        ({}, 200),
    ],
)
async def test_wf_05_sec_fetch_site_decides_and_origin_where_it_is_absent(
    portal: Portal, browser: HttpBrowser, headers: dict[str, str], status: int
) -> None:
    fields = await fresh(browser, "/inscription")
    given = {name: text.replace("{base}", portal.base) for name, text in headers.items()}
    assert (await browser.send_form("/inscription", fields, headers=given)).status == status


async def test_se_01_an_invented_cookie_is_never_adopted(portal: Portal) -> None:
    anonymous = (await portal.browser().get("/connexion")).headers["Set-Cookie"]
    signed = anonymous.partition("=")[2].partition(";")[0]
    for value in (
        "a" * 43,
        "b" * 200,
        signed[:-1] + "_",
        "a.1.x.t1.y",
        "a" * 43 + ".t1." + "b" * 43,
        "é",
    ):
        browser = portal.browser()
        headers = {"Cookie": f"impex-form={quote(value)}; impex-presession={quote(value)}"}
        page = await browser.send("GET", "/inscription", headers=headers)
        given = [one.partition(";")[0] for one in page.headers.getall("Set-Cookie")]
        (cookie,) = (one for one in given if one.startswith("impex-form="))
        assert page.status == 200
        assert len(cookie) > 90
        assert cookie != f"impex-form={value}"


async def test_se_11_a_fixed_cookie_stays_anonymous_and_is_replaced_when_bound(
    portal: Portal, browser: HttpBrowser, address: str
) -> None:
    await browser.get("/inscription")
    fixed = browser.cookies["impex-form"]
    await portal.asked(browser, address)
    bound = browser.cookies["impex-presession"]
    assert bound != fixed
    thief = portal.browser()
    headers = {"Cookie": f"impex-form={fixed}; impex-presession={fixed}"}
    page = await thief.send("GET", "/inscription/validation", headers=headers)
    assert (page.status, page.location) == (303, "/connexion")
    page = await portal.browser().get("/connexion")
    again = portal.browser()
    signed_in = await again.post(
        await again.get("/connexion"), "/connexion", {"address": address, "password": PASSWORD}
    )
    assert signed_in.path == "/inscription/validation"
    assert again.cookies["impex-presession"] not in (fixed, bound)


async def test_se_02_cookies_are_small_and_bound_to_the_session(
    portal: Portal, browser: HttpBrowser, address: str
) -> None:
    page = await browser.get("/inscription")
    fields = {
        **page.form("/inscription"),
        "first_name": "Pierre",
        "last_name": "Durand",
        "address": address,
        "password": PASSWORD,
    }
    sent = await browser.send_form("/inscription", fields)
    for cookie in [*page.headers.getall("Set-Cookie"), *sent.headers.getall("Set-Cookie")]:
        assert "HttpOnly" in cookie
        assert "SameSite=Lax" in cookie
        assert "Domain" not in cookie
        assert len(cookie) < 4096
        assert address not in cookie
        if cookie.startswith(("impex-presession", "impex-form")):
            assert "Max-Age" not in cookie


@pytest.mark.parametrize(
    "extra",
    [
        [("role", "agent")],
        [("address", "second@x.fr")],
        [("csrf", "again")],
        [("__proto__", "x")],
        [(f"f{number}", "") for number in range(30)],
    ],
)
async def test_repeated_and_unknown_fields_are_refused(
    browser: HttpBrowser, extra: list[tuple[str, str]]
) -> None:
    fields = await fresh(browser, "/inscription")
    answer = await browser.send_form("/inscription", [*fields.items(), *extra])
    assert answer.status == 400
    assert "Demande non valable" in answer.h1


@pytest.mark.parametrize(
    ("kind", "body", "status"),
    [
        (URLENCODED, b"address=%FF%FE&password=x", 400),
        (URLENCODED, b"address=\xff", 400),
        (URLENCODED + "; charset=utf-16", b"address=x", 415),
        ("text/plain", b"address=x", 415),
        ("multipart/form-data; boundary=x", b"--x--", 415),
        ("application/json", b"{}", 415),
        ("application/xml", b"<a/>", 415),
        (URLENCODED, b"address=" + b"x" * 65_600, 413),
    ],
)
async def test_a_malformed_form_is_refused(
    browser: HttpBrowser, kind: str, body: bytes, status: int
) -> None:
    answer = await browser.send("POST", "/connexion", data=body, headers={"Content-Type": kind})
    assert answer.status == status
    assert answer.soup.find("a", href=True)


@pytest.mark.parametrize(
    ("path", "length"), [("/connexion", 1_025), ("/connexion", 60_000), ("/inscription", 5_000)]
)
async def test_p_02_a_form_whose_password_is_oversized_comes_back(
    browser: HttpBrowser, address: str, path: str, length: int
) -> None:
    page = await browser.get(path)
    page = await browser.post(page, path, {"address": address, "password": "x" * length})
    assert page.status == 413
    assert "Ce mot de passe est trop long." in page.text
    assert page.soup.select_one("#address[value]")["value"] == address
    assert page.soup.select_one("#alerte a")["href"] == "#password"
    assert "xxxxx" not in page.text


async def test_a_compressed_body_is_refused(browser: HttpBrowser) -> None:
    headers = {"Content-Type": URLENCODED, "Content-Encoding": "gzip"}
    answer = await browser.send("POST", "/connexion", data=b"\x1f\x8b", headers=headers)
    assert answer.status == 415
