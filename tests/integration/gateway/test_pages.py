"""Pages without requests to services, headers of every answer, static files, languages."""

import re
from collections.abc import Awaitable, Callable

import pytest

from tests.support.actors.http_browser import HttpBrowser, HttpResponse
from tests.support.servers.portal import Portal

pytestmark = pytest.mark.asyncio(loop_scope="package")

ALONE = (
    "/",
    "/connexion",
    "/inscription",
    "/inscription/annuler",
    "/inscription/lien",
    "/aide",
    "/aide/creation-de-compte",
    "/aide/nouveau-telephone",
    "/aide/glossaire",
    "/mot-de-passe-oublie",
    "/telephone-perdu",
    "/conditions",
    "/donnees-personnelles",
    "/accessibilite",
    "/plan",
    "/mentions-legales",
)
#: Paths that robots try (CR-08).
PROBES = (
    "/.git/HEAD",
    "/.git/config",
    "/.env",
    "/.htaccess",
    "/.svn/entries",
    "/.well-known/security.bak",
    "/admin",
    "/admin/",
    "/administrator",
    "/api",
    "/api/v1/users",
    "/actuator/health",
    "/backup.sql",
    "/cgi-bin/test.cgi",
    "/config.json",
    "/console",
    "/debug",
    "/debug/pprof",
    "/docs",
    "/dump.sql",
    "/health",
    "/health/ready",
    "/metrics",
    "/openapi.json",
    "/package.json",
    "/phpinfo.php",
    "/phpmyadmin/",
    "/pyproject.toml",
    "/robots.txt.bak",
    "/server-status",
    "/shell",
    "/static/",
    "/static/0000000000000000/",
    "/static/0000000000000000/../settings.py",
    "/static/0000000000000000/..%2f..%2fsettings.py",
    "/static/css/impex.css",
    "/swagger",
    "/test",
    "/version",
    "/wp-login.php",
    "/compte/x.css",
)
POLICY = (
    "default-src 'none'; script-src 'nonce-{}' 'strict-dynamic'; style-src 'self'; "
    "img-src 'self' data:; font-src 'self'; connect-src 'self'; form-action 'self'; "
    "frame-ancestors 'none'; base-uri 'none'; object-src 'none'; "
    "report-uri /csp-rapport; report-to csp"
)


def assert_dressed(answer: HttpResponse) -> None:
    """WF-01 to WF-04, WF-07, WF-08: headers of every answer."""
    headers = answer.headers
    nonce = re.search(r"'nonce-([\w-]{24})'", headers["Content-Security-Policy"])
    assert nonce, answer.path
    assert headers["Content-Security-Policy"] == POLICY.format(nonce[1])
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "same-origin"
    assert headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert headers["Cross-Origin-Resource-Policy"] == "same-origin"
    assert "camera=()" in headers["Permissions-Policy"]
    assert re.fullmatch(r"[0-9a-f]{12}", headers["X-Request-Id"])
    assert "Server" not in headers
    assert "X-Powered-By" not in headers
    assert not [name for name in headers if name.startswith("Access-Control-")]
    if answer.body:
        assert "charset=utf-8" in headers["Content-Type"]
    if not answer.path.startswith("/static/"):
        assert headers["Cache-Control"] == "no-store"
        for script in answer.soup.find_all("script", src=True) if answer.body else ():
            assert script["nonce"] == nonce[1]


@pytest.mark.parametrize("language", ["fr", "en"])
async def test_every_page_opens_in_its_language(portal: Portal, language: str) -> None:
    browser = portal.browser(language)
    headings = set()
    for path in ALONE:
        page = await browser.get(path)
        assert page.status == (400 if path.endswith("lien") else 200), path
        assert page.soup.html
        assert page.soup.html["lang"] == language
        assert page.headers["Content-Language"] == language
        assert_dressed(page)
        assert len(page.soup.find_all("h1")) == 1, path
        headings.add(page.soup.title.text if page.soup.title else "")
    assert len(headings) >= len(ALONE) - 1


async def test_wf_04_errors_redirects_static_files_and_data_have_the_headers(
    portal: Portal, browser: HttpBrowser
) -> None:
    start = await browser.get("/connexion")
    stylesheet = start.soup.find("link", rel="stylesheet")
    assert stylesheet
    static = await browser.get(str(stylesheet["href"]))
    cached = await browser.send(
        "GET", str(stylesheet["href"]), headers={"If-None-Match": static.headers["ETag"]}
    )
    answers = {
        404: await browser.get("/nowhere"),
        405: await browser.send("GET", "/langue"),
        403: await browser.send_form("/connexion", {}),
        415: await browser.send("POST", "/connexion", data="x"),
        303: await browser.send("GET", "/inscription/validation"),
        200: await browser.send("GET", "/inscription/validation/etat"),
        304: cached,
    }
    for status, answer in answers.items():
        assert answer.status == status
        assert_dressed(answer)
    assert_dressed(static)
    assert cached.body == b""


async def test_wf_01_hsts_and_secure_cookies_over_https_only(
    portal: Portal, another: Callable[..., Awaitable[Portal]]
) -> None:
    plain = await portal.browser().get("/connexion")
    assert "Strict-Transport-Security" not in plain.headers
    secure = await another(IMPEX_BASE_URL="https://127.0.0.1:1")
    for path in ("/connexion", "/nowhere", "/static/0000000000000000/dsfr.css"):
        answer = await secure.browser().get(path)
        assert answer.headers["Strict-Transport-Security"] == "max-age=31536000; includeSubDomains"
    cookie = (await secure.browser().get("/connexion")).headers["Set-Cookie"]
    assert cookie.startswith("__Host-impex-form=")
    assert sorted(part.strip() for part in cookie.split(";")[1:]) == [
        "HttpOnly",
        "Path=/",
        "SameSite=Lax",
        "Secure",
    ]


@pytest.mark.parametrize("path", PROBES)
async def test_cr_08_paths_that_robots_try_do_not_exist(browser: HttpBrowser, path: str) -> None:
    page = await browser.send("GET", path)
    assert page.status == 404
    assert_dressed(page)


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "PROPFIND"])
async def test_wf_06_other_methods_are_refused(browser: HttpBrowser, method: str) -> None:
    for path in ("/", "/inscription", "/langue"):
        page = await browser.send(method, path)
        assert page.status == 405
        assert {"GET", "POST"} & {one.strip() for one in page.headers["Allow"].split(",")}


@pytest.mark.parametrize(
    "path", ["/langue", "/inscription/validation/renvoi", "/inscription/mot-courant"]
)
async def test_get_on_a_post_route_is_405(browser: HttpBrowser, path: str) -> None:
    page = await browser.send("GET", path)
    assert page.status == 405
    assert page.headers["Allow"] == "POST"
    assert page.soup.find("a", href="/")


async def test_static_files_are_immutable_and_compressed(
    portal: Portal, browser: HttpBrowser
) -> None:
    page = await browser.get("/connexion")
    found = [tag["href"] for tag in page.soup.find_all("link")]
    found += [tag["src"] for tag in page.soup.find_all("script", src=True)]
    weight = len(page.body)
    for address in found:
        answer = await browser.send("GET", str(address), headers={"Accept-Encoding": "gzip"})
        assert answer.status == 200
        assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
        assert int(answer.headers["Content-Length"]) <= 80_000
        weight += int(answer.headers["Content-Length"])
        plain = await browser.send("GET", str(address), headers={"Accept-Encoding": "identity"})
        assert plain.body == answer.body
    assert weight < 250_000
    old = re.sub(r"/static/\w{16}/", f"/static/{'0' * 16}/", str(found[0]))
    assert (await browser.send("GET", old)).headers["Cache-Control"] == "no-cache"


async def test_a_style_sheet_names_only_files_that_are_there(
    portal: Portal, browser: HttpBrowser
) -> None:
    page = await browser.get("/")
    for stylesheet in page.soup.find_all("link", rel="stylesheet"):
        css = (await browser.get(str(stylesheet["href"]))).html
        for address in set(re.findall(r"url\(['\"]?(/static/[^)'\"?#]+)", css)):
            assert (await browser.send("GET", address)).status == 200, address


@pytest.mark.parametrize(
    ("accepted", "expected"),
    [
        ("", "fr"),
        ("en", "en"),
        ("en-GB,en;q=0.9", "en"),
        ("de,en;q=0.5,fr;q=0.4", "en"),
        ("de,es", "fr"),
        ("en;q=0,fr;q=0.1", "fr"),
        ("*", "fr"),
        ("en;q=nonsense,;;;,\u00e9", "fr"),
    ],
)
async def test_the_language_follows_the_browser(
    portal: Portal, accepted: str, expected: str
) -> None:
    page = await portal.browser(accepted).get("/")
    assert page.soup.html
    assert page.soup.html["lang"] == expected


async def test_the_language_chosen_is_remembered_for_a_year(portal: Portal) -> None:
    browser = portal.browser("fr")
    page = await browser.get("/aide")
    sent = await browser.post(page, "/langue", {"lang": "en"}, follow=False)
    assert (sent.status, sent.location) == (303, "/aide")
    cookie = next(v for v in sent.headers.getall("Set-Cookie") if v.startswith("impex-lang"))
    assert "Max-Age=31536000" in cookie
    page = await browser.get("/connexion")
    assert page.soup.html
    assert page.soup.html["lang"] == "en"


@pytest.mark.parametrize(
    "payload",
    [
        "//evil.example",
        "/\\evil.example",
        "https:evil.example",
        "https://evil.example",
        "/%0d%0aLocation:%20//evil.example",
        "/aide\r\nSet-Cookie: a=b",
        "javascript:alert(1)",
        "/aide/../../evil",
        "/aide?next=//evil",
        "/inscription/lien?jeton=//evil",
        "\\\\evil.example",
        "/static/x",
        "",
        " /aide",
    ],
)
async def test_au_15_next_leads_to_local_pages_only(browser: HttpBrowser, payload: str) -> None:
    page = await browser.get("/aide")
    sent = await browser.post(page, "/langue", {"lang": "en", "next": payload}, follow=False)
    assert (sent.status, sent.location) == (303, "/")


async def test_re_05_a_poisoned_host_header_is_never_used(browser: HttpBrowser) -> None:
    headers = {"Host": "evil.example", "X-Forwarded-Host": "evil.example"}
    for path in ("/", "/connexion", "/inscription/validation"):
        answer = await browser.send("GET", path, headers=headers)
        assert "evil.example" not in answer.html
        assert "evil.example" not in str(answer.headers)


async def test_csp_reports_get_an_empty_answer(browser: HttpBrowser) -> None:
    for body in (b"", b"x", b"[]", b'{"csp-report": {"blocked-uri": "x"}}', b'[{"body": 1}]'):
        answer = await browser.send(
            "POST", "/csp-rapport", data=body, headers={"Content-Type": "application/csp-report"}
        )
        assert (answer.status, answer.body) == (204, b"")
