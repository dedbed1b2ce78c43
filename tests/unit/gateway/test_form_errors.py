"""What a form says of a refusal that only time, or a mail, lifts."""

from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any, cast

import pytest
from aiohttp import web

from services.gateway.http.rendering import RENDERER
from services.gateway.http.site import CLOCK
from services.gateway.portal.form_errors import APPLICANT_TEXTS, ERROR_TEXTS, refused_form
from services.gateway.sessions.request_state import REQUEST_STATE
from shared.contracts.base import Refusal
from shared.messaging.handlers import Refused
from tests.support.pages.page_basis import BRAND

NOW = datetime(2026, 11, 23, 9, 42, tzinfo=UTC)
DAY = 86_400


def request() -> web.Request:
    """As much of a request as a refusal needs."""
    keys: dict[Any, Any] = {
        REQUEST_STATE: SimpleNamespace(lang="fr"),
        RENDERER: SimpleNamespace(brand=BRAND),
        CLOCK: lambda: NOW,
        ERROR_TEXTS: APPLICANT_TEXTS,
    }
    return cast(web.Request, _Request(keys, app=keys))


class _Request(dict[Any, Any]):
    def __init__(self, keys: dict[Any, Any], app: dict[Any, Any]) -> None:
        super().__init__(keys)
        self.app = app


@pytest.mark.parametrize(
    ("slug", "limit", "wait", "parts"),
    [
        ("too_many_tries", "", 90, ["Trop d'essais.", "à 10:43 (heure de Paris), ou"]),
        ("too_many_tries", "", DAY, ["10:42 (heure de Paris) le 24 novembre 2026"]),
        ("too_many_tries", "address", DAY, ["aujourd'hui", "un message", "lever la limite"]),
        ("too_many_requests", "address", DAY, ["pour cette adresse", "levez cette limite"]),
        ("too_many_requests", "network", 600, ["de votre réseau", "10:52"]),
        ("too_many_requests", "sends", 600, ["Trop de demandes pour aujourd'hui."]),
    ],
)
def test_s_05_the_limit_that_is_used_up_chooses_the_message(
    slug: str, limit: str, wait: int, parts: list[str]
) -> None:
    params: dict[str, str | int] = {"limit": limit} if limit else {}
    refusal = Refusal(slug=slug, params=params, retry_after=wait)
    form = refused_form(request(), {}, Refused(refusal))
    assert (form.status, form.retry_after) == (429, wait)
    shown = (form.alert or "").replace("\u00a0", " ")
    assert all(part in shown for part in parts), shown
    assert "{" not in shown
