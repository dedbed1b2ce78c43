"""The states of the account pages, which need both factors."""

from collections.abc import Callable
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

from services.gateway.features.activity.activity import days
from services.gateway.features.activity.looks import in_words
from shared.contracts.support.journal import EntryView, LookRow
from tests.support.pages.information_states import FRENCH, listed
from tests.support.pages.page_basis import ADDRESS, NOW, State, form, me, rules
from tests.support.pages.request_states import requests_in
from tests.support.pages.rights_states import PENDING_CHANGE
from tests.support.pages.sign_in_states import flash, refused

SESSIONS = [
    SimpleNamespace(
        id=f"{number}" * 8,
        device=device,
        network=network,
        opened_at=NOW - timedelta(hours=number),
        seen_at=NOW - timedelta(minutes=7 * number),
    )
    for number, (device, network) in enumerate(
        (
            ("Firefox, Windows", "192.0.2.0/24"),
            ("Safari, iPhone", "2001:db8:85a3:8d3::/64"),
            ("?, ?", "198.51.100.0/24"),
        )
    )
]


def _factor(left: int = 9, *, on: bool = True) -> SimpleNamespace:
    return SimpleNamespace(
        enrolled_at=NOW - timedelta(days=40),
        recovery_on=on,
        recovery_left=left,
        recovery_kept=True,
    )


def _account(
    name: str, localized: Callable[[str], dict[str, Any]] | None = None, **more: Any
) -> State:
    given = {
        "factor": _factor(),
        "sessions": SESSIONS,
        "current": SESSIONS[0].id,
        "pending": None,
        "about_sessions": name.endswith(("-session_ended", "-sessions_ended")),
        "information_state": "draft",
        "listed": None,
        "requests": [],
        "idle_minutes": 30,
        "hours": 8,
    }
    return State(name, "account.html", {**given, **more}, "/compte", me=me(), localized=localized)


def inside() -> list[State]:
    """The account."""
    flashes = (
        "password_changed",
        "phone_changed",
        "codes_kept",
        "session_ended",
        "sessions_ended",
        "address_changed",
    )
    return [
        State("error-404-inside", **_not_found()),
        _account("account"),
        _account("account-validated", localized=listed(FRENCH)),
        _account("account-information-unavailable", information_state="unavailable"),
        _account("account-address-pending", pending=PENDING_CHANGE),
        _account("account-requests", requests=requests_in("fr", "received", "waiting")),
        _account("account-requests-unavailable", requests=None),
        _account("account-one-session", sessions=SESSIONS[:1]),
        _account("account-few-codes", factor=_factor(1)),
        _account("account-without-codes", factor=_factor(on=False)),
        *(_account(f"account-{code}", **flash(code)) for code in flashes),
        *_changes(),
        *_activity(),
    ]


def _activity() -> list[State]:
    """« Mon activité » and « Qui a consulté mon compte »."""

    def story(lang: str) -> dict[str, Any]:
        return {"days": days(ENTRIES, VALUES, lang)}

    def looked(lang: str) -> dict[str, Any]:
        return {"looks": [in_words(look, lang) for look in LOOKS]}

    path, page = "/compte/activite", "activity.html"
    first = {"is_first": True, "older_url": f"{path}?apres=WzEsMl0="}
    last = {"is_first": False, "older_url": None}
    empty = {"is_first": True, "older_url": None, "days": ()}
    there = "/compte/consultations"
    return [
        State("activity", page, first, path, me=me(), localized=story),
        State("activity-last", page, last, path, me=me(), localized=story),
        State("activity-empty", page, empty, path, me=me()),
        State("looks", "looks.html", {}, there, me=me(), localized=looked),
        State("looks-nobody", "looks.html", {"looks": []}, there, me=me()),
    ]


def _entry(number: int, kind: str, *, days: int = 0, **facts: Any) -> EntryView:
    at = NOW - timedelta(days=days, minutes=17 * number)
    return EntryView(entry_id=f"e{number}", at=at, type=kind, section="security", facts=facts)


ENTRIES = (
    _entry(0, "gateway.SessionOpened.v1", failures=2),
    _entry(1, "registration.PasswordAccepted.v1"),
    _entry(2, "registration.PasswordRefused.v1"),
    _entry(3, "mailer.MailAccepted.v1", days=1, template="password_changed"),
    _entry(4, "registration.PasswordChanged.v1", days=1, by="reset"),
    _entry(5, "registration.AddressChanged.v1", days=6, by="desk"),
    _entry(6, "mailer.MailRefused.v1", days=6, template="new_device", reason="mailbox_full"),
)
VALUES = {
    "e0": {"device": "Firefox, Windows", "network": "2001:db8:85a3:8d3::/64"},
    "e5": {"former_address": ADDRESS, "new_address": f"nouvelle.{ADDRESS}"},
}
LOOKS = (
    LookRow(at=NOW, role="agent", reason="lost_phone"),
    LookRow(at=NOW - timedelta(days=3), role="supervisor", reason="account_security"),
    LookRow(at=NOW - timedelta(days=40), role="", reason="", deferred=True),
)


def _not_found() -> dict[str, Any]:
    variables = {
        "status": 404,
        "heading": "Page non trouvée",
        "text": "La page que vous cherchez n'existe pas ou n'existe plus.",
        "reference": None,
        "steps": [],
        "retry_after": None,
        "way_on": ("/", "Page d'accueil"),
    }
    return {"template": "error.html", "variables": variables, "me": me()}


def _changes() -> list[State]:
    """Changes of password, phone and recovery codes."""
    password, phone, codes = "account_password.html", "account_phone.html", "account_recovery.html"
    path = "/compte/mot-de-passe"
    wrong = form(
        errors={
            "current_password": ["Ce n'est pas votre mot de passe actuel."],
            "password": ["C'est déjà votre mot de passe : choisissez-en un autre."],
        }
    )
    asked = {"form": form(), "needs_code": False, **rules()}
    not_mine = refused("totp_wrong_password", "password")
    not_the_code = refused("totp_wrong_code", tries_left=3)
    locked = refused("too_many_tries", None, wait="2 min", time="10:44 (heure de Paris)")
    unavailable = refused("unavailable", None)
    block, blocked = "account_block.html", "account_blocked.html"
    there, done = "/compte/blocage", "/compte/blocage/fait"
    sessions, code = "account_sessions_code.html", "/compte/sessions/code"
    one = form({"session": SESSIONS[1].id})
    return [
        State("account_sessions_code", sessions, {"form": form()}, code, me=me()),
        State("account_sessions_code-one", sessions, {"form": one}, code, me=me()),
        State("account_sessions_code-wrong", sessions, {"form": not_the_code}, code, me=me()),
        State("account_block", block, {"form": form()}, there, me=me()),
        State("account_block-unavailable", block, {"form": unavailable}, there, me=me()),
        State("account_blocked", blocked, {"desk_only": False}, done),
        State("account_blocked-desk", blocked, {"desk_only": True}, done),
        State("account_password", password, asked, path, me=me()),
        State("account_password-code", password, {**asked, "needs_code": True}, path, me=me()),
        State("account_password-errors", password, {**asked, "form": wrong}, path, me=me()),
        State("account_phone", phone, {"form": form()}, "/compte/telephone", me=me()),
        State("account_phone-password", phone, {"form": not_mine}, "/compte/telephone", me=me()),
        State("account_phone-code", phone, {"form": not_the_code}, "/compte/telephone", me=me()),
        State("account_phone-locked", phone, {"form": locked}, "/compte/telephone", me=me()),
        State("account_recovery", codes, {"form": form(), "left": 1}, me=me()),
        State("account_recovery-password", codes, {"form": not_mine, "left": 7}, me=me()),
        State("account_recovery-unavailable", codes, {"form": unavailable, "left": None}, me=me()),
    ]
