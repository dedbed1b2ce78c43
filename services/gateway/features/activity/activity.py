"""« Mon activité »: sign-ins, refusals, changes and mails of twelve months, newest first."""

import itertools
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from urllib.parse import parse_qs

from aiohttp import web

from services.gateway.clients.services import ask, open_sealed
from services.gateway.http.errors import HttpError
from services.gateway.http.rendering import page
from services.gateway.http.routes import url
from services.gateway.portal.journal_texts import describe, tells_who
from services.gateway.portal.mail_names import MAILS
from services.gateway.sessions import guards
from services.gateway.sessions.request_state import REQUEST_STATE
from shared.contracts.support.journal import EntryView, ListActivity, TimelineView
from shared.i18n.dates import PARIS, ZONE
from shared.messaging.handlers import Refused

#: In the URL: where an older page begins, as support gave it.
AFTER = "apres"
CURSOR = re.compile(r"[A-Za-z0-9_-]{8,120}={0,2}")
#: What needs the password, the mailbox, the phone or a session, or was begun so: where it was
#: somebody else, blocking the account helps. What anybody can try who knows the address is not
#: among it.
NEEDS_ACCESS = frozenset(
    (
        "registration.PasswordAccepted.v1",
        "registration.PasswordChanged.v1",
        "registration.AddressChangeRequested.v1",
        "registration.AddressChanged.v1",
        "registration.NameChanged.v1",
        "registration.LostPhoneReported.v1",
        "registration.AccountThawed.v1",
        "registration.AccountResumed.v1",
        "registration.RecoveryAddressRequested.v1",
        "registration.RecoveryAddressChanged.v1",
        "mfa.AuthenticatorEnrolled.v1",
        "mfa.AuthenticatorReplaced.v1",
        "mfa.RecoveryCodeUsed.v1",
        "support.PhoneReplacementPlanned.v1",
        "support.PhoneReplacementOpened.v1",
        "mfa.RecoveryCodesReplaced.v1",
        "mfa.CodeRefused.v1",
        "mfa.CodeCheckLocked.v1",
        "profile.ProfileSaved.v1",
        "profile.AccountValidated.v1",
        "gateway.SessionOpened.v1",
        "gateway.CorrectionRequested.v1",
        "gateway.DepartureReported.v1",
    )
)


@dataclass(frozen=True, kw_only=True)
class Line:
    """One entry in words; `who` and `why` are empty where they add nothing. `clock` is `10:42`, in
    Paris; `zone` says so to whoever does not see the sentence above the list (P-19)."""

    happened_at: datetime
    clock: str
    zone: str
    what: str
    who: str
    why: str
    details: tuple[tuple[str, str], ...]
    may_be_somebody_else: bool


@dataclass(frozen=True, kw_only=True)
class Day:
    """The entries of one day of Paris."""

    date: date
    lines: tuple[Line, ...]


async def show(request: web.Request) -> web.Response:
    """One page of the account's story."""
    account_id = guards.require_signed_in(request).account_id
    after = request.query.get(AFTER, "")
    if after and not CURSOR.fullmatch(after):
        raise HttpError(404)
    try:
        view = await ask(request, ListActivity(account_id=account_id, after=after), TimelineView)
    except Refused as refused:
        if refused.refusal.slug == "unknown_choice":
            raise HttpError(404) from None
        raise
    values = {} if view.values is None else json.loads(_opened(request, view))
    return page(
        request,
        "activity.html",
        days=days(view.entries, values, request[REQUEST_STATE].lang),
        is_first=not after,
        older_url=url(request, "activity", **{AFTER: view.after}) if view.after else None,
        switch_url=url(request, "activity", **({AFTER: after} if after else {})),
    )


def days(
    entries: Iterable[EntryView],
    values: Mapping[str, Mapping[str, Any]],
    language: str,
) -> tuple[Day, ...]:
    """The entries in words, by day of Paris, in their order."""
    grouped = itertools.groupby(entries, lambda entry: entry.at.astimezone(PARIS).date())
    return tuple(
        Day(
            date=day,
            lines=tuple(_line(entry, values.get(entry.entry_id, {}), language) for entry in those),
        )
        for day, those in grouped
    )


def keep_page(query: str) -> str | None:
    """What the language switch keeps of the query: the page, if any."""
    if not query:
        return query
    given = parse_qs(query)
    known = given.keys() == {AFTER} and len(given[AFTER]) == 1
    return query if known and CURSOR.fullmatch(given[AFTER][0]) else None


def _line(entry: EntryView, values: Mapping[str, Any], language: str) -> Line:
    sentence = describe(entry, values, language, MAILS, to_holder=True)
    return Line(
        happened_at=entry.at,
        clock=f"{entry.at.astimezone(PARIS):%H:%M}",
        zone=ZONE[language],
        what=sentence.what,
        who=sentence.who if tells_who(entry) else "",
        why=sentence.why,
        details=sentence.details,
        may_be_somebody_else=entry.type in NEEDS_ACCESS and entry.facts.get("by") != "desk",
    )


def _opened(request: web.Request, view: TimelineView) -> str:
    assert view.values is not None
    return open_sealed(request, TimelineView, "values", view.values)
