"""A browser without scripts: cookies, redirects, and forms as the page gives them."""

from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import aiohttp
from bs4 import BeautifulSoup
from lxml.etree import XPath
from lxml.html import HtmlElement, document_fromstring
from multidict import CIMultiDictProxy
from yarl import URL

NBSP = "\u00a0"
#: In the URL of a page: a form that it shows again, and what it shows after one was accepted.
FORM, RESULT = "saisie", "resultat"
#: The texts of an element that a page shows.
READ = XPath(".//text()[not(ancestor::script or ancestor::style or ancestor::template)]")


@dataclass
class HttpResponse:
    """An answer, read to its end."""

    status: int
    headers: CIMultiDictProxy[str]
    body: bytes
    path: str
    query: str = ""
    by_post: bool = False

    @property
    def refused(self) -> bool:
        """Whether a form came back: by 303 to a page that shows it again."""
        return self.by_post and self.status == 200 and FORM in parse_qs(self.query)

    @property
    def html(self) -> str:
        return self.body.decode()

    @cached_property
    def soup(self) -> BeautifulSoup:
        return BeautifulSoup(self.html, "lxml")

    @cached_property
    def tree(self) -> HtmlElement:
        """The page for the commonest questions; making a soup of it takes ten times as long."""
        return document_fromstring(self.html or "<p>")

    @property
    def text(self) -> str:
        """The visible text, with normalized spaces."""
        return words(self.tree)

    @property
    def h1(self) -> str:
        heading = self.tree.find(".//h1")
        assert heading is not None, self.html[:2000]
        return words(heading)

    @property
    def location(self) -> str:
        return self.headers["Location"]

    def form(self, action: str) -> dict[str, str]:
        """The fields of a form as the page gives them, hidden ones included."""
        form = self.tree.find(f".//form[@action='{action}']")
        assert form is not None, f"no form for {action} on {self.path}: {self.text[:500]}"
        fields = {}
        for one in form.iter("input"):
            if one.get("name") and one.get("type") not in ("checkbox", "radio"):
                fields[one.get("name")] = one.get("value", "")
        return fields


def words(element: HtmlElement) -> str:
    """The visible text of a part of a page, with normalized spaces."""
    return " ".join(" ".join(READ(element)).replace(NBSP, " ").split())


@dataclass
class HttpBrowser:
    """One person's browser on one device."""

    base: str
    language: str = "fr"
    session: aiohttp.ClientSession = field(init=False)

    def __post_init__(self) -> None:
        self.session = aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True))

    async def close(self) -> None:
        await self.session.close()

    async def send(
        self,
        method: str,
        path: str,
        *,
        headers: dict[str, str] | None = None,
        follow: bool = False,
        **how: Any,
    ) -> HttpResponse:
        given = {"Accept-Language": self.language, **(headers or {})}
        url = URL(self.base + path, encoded=True)
        async with self.session.request(
            method, url, headers=given, allow_redirects=follow, **how
        ) as response:
            body, at = await response.read(), response.url
            answer = HttpResponse(
                response.status, response.headers, body, at.path, at.query_string, method == "POST"
            )
        there = answer.headers.get("Location", "")
        if method == "POST" and {FORM, RESULT} & parse_qs(urlsplit(there).query).keys():
            # What becomes of this form is on that page, whatever comes later.
            return replace(await self.send("GET", there, headers=headers), by_post=True)
        return answer

    async def get(self, path: str, **how: Any) -> HttpResponse:
        """Open a page, following redirects as browsers do."""
        return await self.send("GET", path, follow=True, **how)

    async def from_elsewhere(self, path: str) -> HttpResponse:
        """Open a page by a link of another site: the session's strict cookie is not sent."""
        jar, session_cookie = self.session.cookie_jar, self.cookies["impex-session"]
        jar.clear(lambda cookie: cookie.key == "impex-session")
        page = await self.get(path)
        jar.update_cookies({"impex-session": session_cookie}, URL(self.base))
        return page

    async def post(
        self,
        page: HttpResponse,
        action: str,
        values: dict[str, str] | None = None,
        *,
        follow: bool = True,
        headers: dict[str, str] | None = None,
    ) -> HttpResponse:
        """Fill in a form of a page and send it."""
        fields = {**page.form(action), **(values or {})}
        given = {"Sec-Fetch-Site": "same-origin", **(headers or {})}
        return await self.send_form(action, fields, follow=follow, headers=given)

    async def send_form(self, action: str, fields: Any, **how: Any) -> HttpResponse:
        """Send any fields as a form."""
        data = urlencode(fields).encode()
        headers = {
            "Content-Type": "application/x-www-form-urlencoded",
            **(how.pop("headers", None) or {}),
        }
        return await self.send("POST", action, data=data, headers=headers, **how)

    @property
    def cookies(self) -> dict[str, str]:
        return {cookie.key: cookie.value for cookie in self.session.cookie_jar}
