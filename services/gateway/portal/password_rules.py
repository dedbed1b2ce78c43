"""The password rules, for every page with a new password."""

import json
from typing import Any

from aiohttp import web

from services.gateway.clients.registration_texts import password_rules_document
from services.gateway.http.forms import Form
from shared.messaging.errors import RequestTimeout, ServiceUnavailable


async def password_rules(request: web.Request, form: Form) -> dict[str, Any]:
    """The rules for a page with a new password: as data for its script, and to be read."""
    try:
        document = await password_rules_document(request)
    except (ServiceUnavailable, RequestTimeout):
        if not form.alert:
            raise
        document = "{}"  # the form with what was typed, without the live rules
    return {"rules": document, "policy": visible_rules(document)}


def visible_rules(document: str) -> list[tuple[str, dict[str, Any]]]:
    """The rules that the page shows, in their order, each with its figures."""
    rules = json.loads(document)
    figures: dict[str, dict[str, Any]] = {
        "min_length": {"min": rules.get("min_length")},
        "max_length": {"max": rules.get("max_length")},
        "forbidden_words": {"words": rules.get("forbidden_words")},
    }
    return [(name, figures.get(name, {})) for name in rules.get("shown", [])]
