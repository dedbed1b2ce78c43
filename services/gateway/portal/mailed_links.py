"""What the pages of mailed links share: the token in their URL, and the state of the link.

Opening such a page changes nothing, however often a scanner does it; its button does (B-02).
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Protocol

from aiohttp import web

from services.gateway.http.errors import Redirect
from services.gateway.http.forms import Form
from services.gateway.http.rendering import page
from services.gateway.http.routes import url
from shared.messaging.handlers import Refused

TOKEN = re.compile(r"[A-Za-z0-9_-]{43}")
PARAMETER = "jeton"
#: Where the same link begins again in a value, pasted behind the first.
ANOTHER_LINK = re.compile(r"https?://", re.IGNORECASE)
#: Runs of the characters that tokens consist of; other signs came along from the text around.
RUN = re.compile(r"[A-Za-z0-9._-]+")
#: The end of a line in the source of a mail (quoted-printable, RFC 2045), where the text goes on.
SOFT_LINE_BREAK = re.compile(r"=\s*(?=[A-Za-z0-9._-])")
#: The same source writes the sign before the token as `=3D`.
ENCODED_SIGN = "3D"
#: Refusals that are about the link.
STATES = frozenset(("link_malformed", "link_used", "link_replaced", "link_expired", "link_gone"))


class LinkState(Protocol):
    """A reply that describes a link."""

    @property
    def state(self) -> str: ...


@dataclass(frozen=True)
class MailedLink:
    """The page `name` of a link; without a token the language switch leads to `fallback`."""

    name: str
    fallback: str
    template: str
    token: re.Pattern[str] = TOKEN

    def token_of(self, request: web.Request, form: Form) -> str:
        """The one token in the page's URL, or in its form; empty where there is none, or two
        different ones. It is found where the link was pasted twice, with signs of the text around
        it, or from the source of the mail (P-24).
        """
        sent = form.request_fields.get("token")
        values = request.query.getall(PARAMETER, []) if sent is None else [sent]
        found = {token for value in values for token in self._tokens(value)}
        return found.pop() if len(found) == 1 else ""

    def _tokens(self, value: str) -> Iterator[str]:
        first, *again = ANOTHER_LINK.split(value)
        for part in (first, *(link.partition(f"{PARAMETER}=")[2] for link in again)):
            for text in (SOFT_LINE_BREAK.sub("", part), part):
                found = [token for run in RUN.findall(text) for token in self._token_in(run)]
                if found:
                    yield from found
                    break

    def _token_in(self, run: str) -> Iterator[str]:
        run = run.strip(".")
        half = run[: len(run) // 2]
        twice = half if half * 2 == run else ""
        # A dot may be part of a token, or end the sentence in which the link stood.
        plain = run.removeprefix(ENCODED_SIGN)
        for one in (twice, run, plain, run.strip("_-"), *run.split(".")):
            if self.token.fullmatch(one):
                yield one
                return

    def keep_query(self, query: str) -> str | None:
        """What the language switch keeps of the query: a token, and nothing else."""
        name, _, value = query.partition("=")
        return query if name == PARAMETER and self.token.fullmatch(value) else None

    def form_query(self, fields: dict[str, str]) -> dict[str, str]:
        """What the URL of the page needs to show its form again."""
        return {"jeton": fields["token"]} if self.token.fullmatch(fields["token"]) else {}

    def raise_if_spent(self, refused: Refused, fields: dict[str, str]) -> None:
        """Redirect to the page, which describes the link, where the link was refused."""
        if refused.refusal.slug in STATES:
            raise Redirect(self.name, **self.form_query(fields)) from refused

    def render(
        self, request: web.Request, link: LinkState, token: str, form: Form, **variables: Any
    ) -> web.Response:
        """The state of the link, and its button where it is valid.

        What was said about an earlier sending is not shown beside any other state (P-07).
        """
        if link.state != "valid":
            form = Form()
        known = self.token.fullmatch(token)
        switch_url = url(request, self.name, jeton=token) if known else url(request, self.fallback)
        return page(
            request,
            self.template,
            status=400 if link.state == "malformed" else form.status,
            link=link,
            token=token,
            form=form,
            switch_url=switch_url,
            **variables,
        )
