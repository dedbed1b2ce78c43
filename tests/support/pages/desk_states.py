"""The pages of the desk in their states, rendered without the desk.

`STATES` names each with its template and variables; `render` gives its HTML. A feature adds its
states here, made by functions of a module of its own.
"""

from dataclasses import replace
from datetime import timedelta
from functools import cache, partial
from types import SimpleNamespace
from typing import Any

import msgspec

from services.gateway.desk import act_words
from services.gateway.desk.act_words import transfer_text
from services.gateway.desk.app import PAGES
from services.gateway.desk.features.help import guide_screenshots
from services.gateway.desk.features.journal.journal_page import SHOWN
from services.gateway.desk.features.journal.verification_texts import first_finding_text
from services.gateway.desk.features.operations.unavailable import unavailable
from services.gateway.desk.navigation import ENTRIES
from services.gateway.desk.resources import TEMPLATES
from services.gateway.desk.support import FORBIDDEN, NOT_FOUND
from services.gateway.desk.texts import AGENT_TEXTS, role_text
from services.gateway.http.errors import OTHER_NETWORK, ErrorText, error_text
from services.gateway.http.rendering import Renderer
from services.gateway.http.routes import Routes
from services.gateway.portal import qr
from services.gateway.portal.journal_texts import describe
from services.gateway.portal.profile_form import options_of
from shared.contracts.support.journal import EntryView, VerificationView
from shared.contracts.support.proposals import (
    ActView,
    ProposalRow,
    ProposalsView,
    ProposalView,
    UndoableTransfer,
)
from shared.i18n.catalogue import translate
from shared.i18n.dates import format_datetime
from shared.messaging.errors import ServiceUnavailable
from tests.support.pages.desk_account_states import account_states
from tests.support.pages.desk_call_states import call_states
from tests.support.pages.desk_dormant_states import dormant_states
from tests.support.pages.desk_name_states import both_names
from tests.support.pages.desk_operations_states import operations_states
from tests.support.pages.desk_request_states import desk_request_states
from tests.support.pages.desk_settings_states import settings_states
from tests.support.pages.page_basis import BRAND, NOW, State, form, me
from tests.support.pages.team_states import team_states

ROUTES = Routes(PAGES)
KEY = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
URI = f"otpauth://totp/IMPEXWEB%20Assistance:agent@agency.example?secret={KEY}&issuer=IMPEXWEB"
AGENT_ADDRESS = "zoe.martin@agency.example"


def agent(role: str = "agent", *, full: bool = True, shortcuts: bool = False) -> SimpleNamespace:
    """The signed-in agent."""
    return me(
        full=full,
        name="Zoé Martin",
        address=AGENT_ADDRESS,
        role=role,
        shortcuts=shortcuts,
        idle_seconds=900,
        left_seconds=900,
    )


def navigation(*here: str, **counts: int) -> list[dict[str, Any]]:
    """Every entry, whatever the role; `here` is the current one."""
    return [
        {
            "url": f"/{one.page}",
            "label": one.label,
            "count": counts.get(one.page),
            "letter": one.letter,
            "is_here": one.page in here,
            "is_above": False,
        }
        for one in ENTRIES
    ]


def alert(slug: str, field: str | None = None, **values: object) -> SimpleNamespace:
    """A form with the alert of a refusal."""
    text = AGENT_TEXTS.alert(slug, "fr")
    for name, value in {"service": "IMPEXWEB", "wait": "90 s", "time": "10:43", **values}.items():
        text = text.replace(f"{{{name}}}", str(value))
    return form(alert=text, alert_field=field)


def _session(number: int, **more: Any) -> SimpleNamespace:
    known = {"id": str(number), "device": "Firefox, Windows", "network": "192.0.2.0/24"}
    return SimpleNamespace(**{**known, "opened_at": NOW, "seen_at": NOW, **more})


def _account(*, count: int = 2, shown: SimpleNamespace | None = None) -> dict[str, Any]:
    shown = shown or form()
    shown.typed = bool(shown.errors or shown.alert)
    return {
        "form": shown,
        "role": "Supervision",
        "sessions": [_session(number) for number in range(count)],
        "current": "0",
        "idle_minutes": 15,
        "hours": 8,
    }


def _enrol(*, signing_in: bool, shown: SimpleNamespace | None = None) -> dict[str, Any]:
    return {
        "form": shown or form(),
        "qr": qr.svg(URI, "IMPEXWEB"),
        "key_groups": [KEY[at : at + 4] for at in range(0, len(KEY), 4)],
        "uri": URI,
        "action": "/connexion/telephone",
        "restart": "/connexion/telephone/recommencer",
        "replaces": not signing_in,
        "by_recovery_code": False,
        "signing_in": signing_in,
        "expires_at": NOW,
    }


def _error(status: int, texts: ErrorText | None = None) -> dict[str, Any]:
    text = texts or error_text(status)
    return {
        "status": status,
        "heading": translate(text.heading, "fr", name=text.name),
        "text": translate(text.text, "fr", reference="0f3a9c", phone=BRAND.phone),
        "steps": [translate(one, "fr", name=text.name) for one in text.steps],
        "retry_after": 30 if status == 503 else None,
        "way_on": ("/", translate("Page d'accueil", "fr")),
        "reference": "0f3a9c" if status >= 500 else None,
    }


INVITATION = SimpleNamespace(
    kind="invitation",
    address=AGENT_ADDRESS,
    role="agent",
    first_name="",
    last_name="",
    expires_at=NOW,
)
WRONG_NAMES = {
    "first_name": ["Saisissez votre prénom."],
    "password": ["Saisissez au moins 14 caractères."],
}


def _invitation(state: str = "valid", **more: Any) -> dict[str, Any]:
    found = SimpleNamespace(**{**vars(INVITATION), **more}) if state == "valid" else None
    link = SimpleNamespace(state=state, invitation=found, at=None)
    return {"link": link, "token": "t" * 43, "form": form(), "role": "Supervision"}


#: An account, and an act on it.
ACCOUNT = "0b0f8a52-3c1f-4b0e-9b0a-5b6f3f0f9d11"
PERSON = "M… DURAND, m…@labo.example"
RECEIVER = "J… MOREAU, j…@labo.example, Labo Durand (Lyon)"


def _words(table: str, key: str, lang: str = "fr") -> str:
    return act_words.words(getattr(act_words, table), key, lang)


def _reasons() -> list[tuple[str, str]]:
    return [(key, _words("REASONS", key)) for key in act_words.REASONS]


MOVED = UndoableTransfer(
    transfer_id=ACCOUNT,
    done_at=NOW,
    undo_until=NOW,
    to_account_id=ACCOUNT,
    to="M… DURAND, m…@labo.fr",
    count=12,
)


def _act(name: str, fields: tuple[str, ...] = (), **more: Any) -> dict[str, Any]:
    """The form of an act."""
    values = {"two_people": True, "delay_minutes": 4_320, "fresh_code": True, **more}
    shown, transfers = values.pop("form", form()), values.pop("listed", None)
    reasons = tuple(act_words.REASONS)
    return {
        "form": shown,
        "view": ActView(act=name, fields=fields, reasons=reasons, **values),
        "account_id": "" if name == "end_all_sessions" else ACCOUNT,
        "account": PERSON,
        "said": _words,
        "reasons": _reasons(),
        "confirmations": [(key, _words("CONFIRMED_BY", key)) for key in act_words.CONFIRMED_BY],
        "delay": "72 h",
        "names": list(fields),
        "options": {one: options_of(one, "fr") for one in fields},
        "current": {"city": "Lyon", "country": "France"} if name == "correct_information" else {},
        "transfers": transfers,
        "receiver": RECEIVER if "to_account_id" in shown.values else None,
        "receiver_id": shown.values.get("to_account_id", ""),
        "no_effect": act_words.no_effect_text(values.get("no_effect", ""), "fr"),
    }


def _approval(
    state: str = "proposed",
    shown: Any = None,
    details: dict[str, str] | None = None,
    **more: Any,
) -> dict[str, Any]:
    """An act, as the second person reads it."""
    names = more.pop("names", [])
    values = {
        "proposed_by": "a",
        "proposed_by_name": "Zoé Martin",
        "proposed_at": NOW,
        "expires_at": NOW,
        "account_id": ACCOUNT,
        "number": "ACT-12",
        "act": "change_address",
        "reason": "requested_by_person",
        **more,
    }
    view = ProposalView(proposal_id=ACCOUNT, state=state, **values)
    return {
        "form": shown or form(),
        "view": view,
        "account": PERSON,
        "receiver": RECEIVER if values["act"] == "transfer_dossiers" else None,
        "details": details or {"new_address": "marie@labo.example"},
        "note": "Appel du 3 mars",
        "names": names,
        "now": NOW,
        "said": _words,
        "reasons": _reasons(),
    }


def _lost_phone_approval(lang: str) -> dict[str, Any]:
    """The removal of a lost phone, as the second person reads it."""
    evidence = {
        "line": _words("LINES", "file", lang),
        "line_since": format_datetime(NOW - timedelta(days=400), lang),
        "matched_at": format_datetime(NOW, lang),
    }
    return {
        **_approval(
            act="remove_lost_phone",
            number="TEL-A44X2-YZ7EW",
            details=evidence,
            may=("approve", "refuse", "stop"),
        ),
        "said": partial(_words, lang=lang),
        "reasons": [(key, _words("REASONS", key, lang)) for key in act_words.REASONS],
    }


def _approvals(count: int, shown: str = "to_approve") -> dict[str, Any]:
    """The list of acts."""
    row = ProposalRow(
        proposal_id=ACCOUNT,
        number="ACT-12",
        act="change_address",
        state="proposed",
        reason="departure",
        proposed_by_name="Zoé Martin",
        proposed_at=NOW,
        expires_at=NOW,
        account_id=ACCOUNT,
        may_approve=True,
    )
    done = msgspec.structs.replace(row, number="ACT-11", state="done", may_approve=False)
    view = ProposalsView(
        rows=((row,) * count + (done,))[-count:] if count else (),
        page=1,
        pages=2 if count else 1,
        total=count,
        to_approve=count,
    )
    return {
        "view": view,
        "people": {ACCOUNT: PERSON},
        "shown": shown,
        "said": _words,
        "reasons": _reasons(),
    }


ACT_STATES = (
    State("desk-approvals", "approvals.html", _approvals(3), me=agent()),
    State("desk-approvals-empty", "approvals.html", _approvals(0), me=agent()),
    State(
        "desk-approval-names",
        "approval.html",
        _approval(may=("approve",), act="accept_other_names", names=both_names()),
        me=agent(),
    ),
    State(
        "desk-approval",
        "approval.html",
        _approval(may=("approve", "refuse", "stop")),
        me=agent(),
    ),
    State(
        "desk-approval-lost_phone",
        "approval.html",
        {},
        me=agent(),
        localized=lambda lang: _lost_phone_approval(lang),
    ),
    State(
        "desk-approval-transfer",
        "approval.html",
        _approval(
            act="transfer_dossiers",
            details={"confirmed_by": act_words.CONFIRMED_BY["leaver"], "to_account_id": ACCOUNT},
            may=("approve", "refuse", "stop"),
        ),
        me=agent(),
    ),
    State(
        "desk-approval-refused",
        "approval.html",
        _approval(
            may=("approve", "refuse", "stop"),
            shown=form({"what": "1"}, {"who": ["Cochez cette case une fois le compte vérifié."]}),
        ),
        me=agent(),
    ),
    State(
        "desk-approval-own",
        "approval.html",
        _approval(
            may=("stop",),
            why_not="own_act",
            act="change_agent_role",
            account_id="",
            subject_agent_id=ACCOUNT,
            subject_agent="Nina Neuve, nina.neuve@agency.example.fr",
            reason="change_of_duties",
            details={"role": role_text("supervisor", "fr")},
        ),
        me=agent(),
    ),
    State(
        "desk-approval-planned",
        "approval.html",
        _approval(
            "approved", approved_by_name="Luc Bernard", approved_at=NOW, due_at=NOW, may=("stop",)
        ),
        me=agent(),
    ),
    State(
        "desk-approval-failed",
        "approval.html",
        _approval("failed", done_at=NOW, ended_at=NOW, ended_by="owner", failure="address_taken"),
        me=agent(),
    ),
    State("desk-act", "act.html", _act("change_address", ("new_address",)), me=agent()),
    State(
        "desk-act-correction",
        "act.html",
        _act(
            "correct_information",
            ("country", "position", "address", "city"),
            two_people=False,
            delay_minutes=0,
        ),
        me=agent(),
    ),
    State(
        "desk-act-undo",
        "act.html",
        _act("undo_transfer", ("transfer_id",), listed=[(ACCOUNT, transfer_text(MOVED, "fr"))]),
        me=agent(),
    ),
    State(
        "desk-act-undo-error",
        "act.html",
        _act(
            "undo_transfer",
            ("transfer_id",),
            listed=[(ACCOUNT, transfer_text(MOVED, "fr"))],
            form=form({"transfer_id": "Choisissez le transfert à défaire."}),
        ),
        me=agent(),
    ),
    State(
        "desk-act-undo-none",
        "act.html",
        _act("undo_transfer", ("transfer_id",), listed=[], no_effect="no_transfer"),
        me=agent(),
    ),
    State(
        "desk-act-transfer",
        "act.html",
        _act("transfer_dossiers", ("to_account_id", "confirmed_by")),
        me=agent(),
    ),
    State(
        "desk-act-transfer-typed",
        "act.html",
        _act(
            "transfer_dossiers",
            ("to_account_id", "confirmed_by"),
            form=form({"to_account_id": ACCOUNT}, {"confirmed_by": ["Choisissez."]}),
        ),
        me=agent(),
    ),
    State(
        "desk-act-no-effect",
        "act.html",
        _act("block_account", two_people=False, delay_minutes=0, no_effect="frozen_by_desk"),
        me=agent(),
    ),
    State(
        "desk-act-refused",
        "act.html",
        _act(
            "change_address",
            ("new_address",),
            form=form({"new_address": "x"}, {"reason": ["Choisissez une raison."]}),
        ),
        me=agent(),
    ),
    State(
        "desk-act-open",
        "act.html",
        _act("change_address", ("new_address",), open_proposal_id=ACCOUNT),
        me=agent(),
    ),
    State(
        "desk-act-alone",
        "act.html",
        _act("deactivate_account", two_people=False, delay_minutes=0),
        me=agent(),
    ),
    State("desk-act-everybody", "act.html", _act("end_all_sessions", delay_minutes=0), me=agent()),
)
VERIFIED = VerificationView(at=NOW, links=1204, findings=0, anchored_at=NOW)
BROKEN = VerificationView(
    at=NOW, links=1204, findings=1, first_kind="changed", first_link=4, anchored_at=NOW
)


def _entry(kind: str, section: str, /, **facts: Any) -> EntryView:
    return EntryView(
        entry_id=kind,
        at=NOW,
        type=kind,
        section=section,
        facts=facts,
        account_id="0b0f8a52-3c1f-4b0e-9b0a-5b6f3f0f9d11",
        agent_id="a1",
        agent_role="agent",
        agent_name="Anne Roux",
    )


ENTRIES_OF_JOURNAL = (
    _entry("support.AccountOpened", "agents", reason="lost_phone", number="TEL-12"),
    _entry("support.ActRefused.v1", "agents", act="change_address", why="typing_error"),
    _entry("support.SearchMade", "agents", kind="siret", found=3),
)


def _journal(*entries: EntryView, **more: Any) -> dict[str, Any]:
    given = {"du": "2026-01-01", "au": "2026-01-31", "compte": "", "agent": ""}
    return {
        "form": form(given),
        "was_asked": True,
        "is_set": False,
        "shown": SHOWN,
        "show": "agents",
        "by_agent": True,
        "max_days": 31,
        "rows": [(entry, describe(entry, {}, "fr")) for entry in entries],
        "next_url": "",
        "verification": VERIFIED,
        "first_finding": "",
        **more,
    }


EXPORT = SimpleNamespace(
    export_id="0b0f8a52-3c1f-4b0e-9b0a-5b6f3f0f9d11",
    first_day=NOW.date(),
    last_day=NOW.date(),
    proposed_by_name="Anne Roux",
    approved_by_name="Luc Bernard",
    expires_at=NOW,
)
EXPORT_REASON_WORDS = [("suspicious_access", "accès suspect"), ("legal_duty", "obligation légale")]


def _exports(*exports: SimpleNamespace, shown: SimpleNamespace | None = None) -> dict[str, Any]:
    rows = [(one, "accès suspect") for one in exports]
    return {"form": shown or form(), "exports": rows, "reasons": EXPORT_REASON_WORDS}


STATES = (
    State(
        "desk-journal",
        "journal.html",
        _journal(*ENTRIES_OF_JOURNAL, next_url="/assistance/journal?apres=x"),
        me=agent("auditor"),
    ),
    State(
        "desk-journal-broken",
        "journal.html",
        {},
        me=agent("supervisor"),
        localized=lambda lang: _journal(
            *ENTRIES_OF_JOURNAL,
            verification=BROKEN,
            first_finding=first_finding_text(BROKEN, lang),
            is_set=True,
            by_agent=False,
        ),
    ),
    State("desk-journal-new", "journal.html", _journal(verification=None), me=agent("auditor")),
    State(
        "desk-journal-refused",
        "journal.html",
        _journal(
            form=form({"du": "31/02/2026"}, {"du": ["Saisissez un jour, par exemple 2026-01-15."]}),
            is_set=True,
            was_asked=False,
        ),
        me=agent("auditor"),
    ),
    State("desk-exports", "journal_exports.html", _exports(EXPORT), me=agent("supervisor")),
    State(
        "desk-exports-refused",
        "journal_exports.html",
        _exports(shown=form({}, {"last_day": ["Le dernier jour précède le premier."]})),
        me=agent("supervisor"),
    ),
    *ACT_STATES,
    State("desk-sign_in", "desk_sign_in.html", {"form": form({"address": AGENT_ADDRESS})}),
    State("desk-sign_in-refused", "desk_sign_in.html", {"form": alert("wrong_credentials")}),
    State("desk-sign_in-locked", "desk_sign_in.html", {"form": alert("too_many_tries")}),
    State("desk-code", "sign_in_code.html", {"form": form()}, me=agent(full=False)),
    State(
        "desk-code-refused",
        "sign_in_code.html",
        {"form": alert("totp_wrong_code", "code")},
        me=agent(full=False),
    ),
    State("desk-enrol", "enrol.html", _enrol(signing_in=True), me=agent(full=False)),
    State("desk-invitation", "invitation.html", _invitation()),
    State("desk-invitation-reset", "invitation.html", _invitation(kind="reset")),
    State("desk-invitation-gone", "invitation.html", _invitation("gone")),
    State("desk-invitation-malformed", "invitation.html", _invitation("malformed")),
    State(
        "desk-invitation-refused",
        "invitation.html",
        {**_invitation(), "form": form({"last_name": "Martin"}, WRONG_NAMES)},
    ),
    State("desk-account", "own_account.html", _account(), me=agent("supervisor")),
    State(
        "desk-account-keys",
        "own_account.html",
        _account(count=1),
        me=agent("supervisor", shortcuts=True),
    ),
    State(
        "desk-account-refused",
        "own_account.html",
        _account(shown=form(errors={"code": ["Saisissez les 6 chiffres du code."]})),
        me=agent(),
    ),
    State("desk-phone", "own_phone.html", {"form": form()}, me=agent()),
    State("desk-new_phone", "enrol.html", _enrol(signing_in=False), me=agent()),
    State("desk-password", "own_password.html", {"form": form()}, me=agent()),
    State(
        "desk-password-refused",
        "own_password.html",
        {"form": alert("wrong_password", "current_password")},
        me=agent(),
    ),
    *account_states(agent()),
    *desk_request_states(agent),
    *dormant_states(agent("supervisor")),
    *settings_states(agent("supervisor")),
    *operations_states(agent("operator")),
    *call_states(agent()),
    State("desk-help", "desk_help.html", {"pictures": guide_screenshots.load()}, me=agent()),
    State("desk-help-anonymous", "desk_help.html", {"pictures": guide_screenshots.load()}),
    State("desk-403", "error.html", _error(403, FORBIDDEN), me=agent()),
    State("desk-403-network", "error.html", _error(403, OTHER_NETWORK)),
    State("desk-404", "error.html", _error(404, NOT_FOUND), me=agent()),
    State("desk-503", "error.html", _error(503), me=agent()),
    State(
        "desk-503-named",
        "error.html",
        _error(503, unavailable(ServiceUnavailable(name="operations"))),
        me=agent("operator"),
    ),
    *team_states(agent),
)


@cache
def templates(theme: str) -> Renderer:
    """Templates as the desk loads them; addresses of static files are relative."""
    brand = replace(BRAND, theme=theme, recovery_codes=False)
    return Renderer(brand, "static/{}".format, ROUTES.url, TEMPLATES)


def render(state: State, language: str = "fr", theme: str = "dsfr") -> str:
    """The HTML of a state."""
    signed_in = state.me is not None and state.me.full
    shown = navigation("requests", requests=14, approvals=2) if signed_in else []
    for entry in shown:
        entry["label"] = translate(entry["label"], language)
    common: dict[str, Any] = {
        "switch_url": state.path,
        "csrf": "c" * 43,
        "nonce": "n" * 22,
        "flash": [],
        "form": None,
        "form_id": "",
        "reference": None,
        "me": state.me,
        "navigation": shown,
        "search_action": "/recherche" if signed_in else "",
    }
    localized = state.localized(language) if state.localized else {}
    return templates(theme).render(
        state.template, language, {**common, **state.variables, **localized}
    )
