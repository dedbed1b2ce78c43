"""The suggestion beside a probable typo in an e-mail address, in every form that asks for one."""

from aiohttp import web

from services.gateway.http.forms import Form
from services.gateway.portal.form_errors import invalid_form
from shared.messaging.handlers import Refused


def choose_address(fields: dict[str, str]) -> dict[str, str]:
    """The meaning of the buttons next to a suggestion: the corrected address, or the typed one."""
    choice = fields.pop("address_choice", "")
    kept = fields.pop("address_kept", "")
    if choice and choice != "keep":
        fields["address"] = choice
    # Suggested once for one spelling, never forced: sending the form again confirms the address.
    return fields | {"kept": "1" if choice or kept in ("1", fields["address"]) else ""}


def typo_form(fields: dict[str, str], refused: Refused) -> Form | None:
    """The form with a suggestion, where a probable typo is the only refusal (G-05)."""
    if refused.refusal.slug != "likely_slip":
        return None
    form = Form.again(fields, same=True)
    form.suggestion = str(refused.refusal.params["suggestion"])
    form.values["address_question"] = str(refused.refusal.params.get("question", ""))
    return form


def answers_question(fields: dict[str, str]) -> bool:
    """Whether a form answers a suggestion: registration has its password already."""
    return bool(fields["address_question"]) and not fields["password"]


def unanswered_form(request: web.Request, fields: dict[str, str], refused: Refused) -> Form | None:
    """The form with its password to be typed, where registration no longer has the question."""
    if refused.refusal.slug != "question_gone":
        return None
    return invalid_form(request, fields | {"address_question": ""}, "password")
