"""What an account's page shows, in words: blocks, masked fields, the story day by day."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import groupby
from typing import Any

import msgspec
from aiohttp import web

from services.gateway.clients.services import open_sealed
from services.gateway.desk import act_words
from services.gateway.desk.account_texts import (
    ShownAccount,
    shown_rows,
    state_badge,
    state_text,
)
from services.gateway.desk.act_texts import ACTS, act_text
from services.gateway.desk.features.account import account_texts as texts
from services.gateway.desk.owner_texts import missing_parts
from services.gateway.http.routes import ROUTES, url
from services.gateway.portal.dossier_texts import status_text
from services.gateway.portal.journal_texts import Sentence, describe, reason_text
from services.gateway.portal.mail_names import MAILS, mail_name
from services.gateway.portal.profile_form import summarize
from services.gateway.portal.request_texts import KINDS
from services.gateway.sessions.request_state import REQUEST_STATE
from shared.contracts.dossiers import DossierRow
from shared.contracts.mailer_desk import MailRecord
from shared.contracts.profile.views import ProfileFields
from shared.contracts.support.journal import TimelineView
from shared.contracts.support.looks import AccountDetails, AccountView
from shared.contracts.support.people_requests import RequestQueueView
from shared.contracts.support.proposals import ProposalsView
from shared.i18n.catalogue import translate, translate_plural
from shared.i18n.dates import PARIS

#: The states in which nothing more is owed to the person.
CLOSED = ("done", "refused", "cancelled", "lapsed")
Facts = Sequence[tuple[str, str, str]]


@dataclass(frozen=True, kw_only=True)
class ShownMail:
    """A mail, and what became of it."""

    mail_id: str
    written_at: datetime
    name: str
    outcome: str
    server_answer: str
    kept_back: str


@dataclass(frozen=True, kw_only=True)
class ShownDossier:
    """A dossier, in words."""

    number: str
    kind: str
    status: str
    medicine: str
    filed_on: date | None


@dataclass(frozen=True, kw_only=True)
class Shown:
    """An account in words. A block is None where it is masked or its owner is away."""

    account_id: str
    person: str
    state: str
    badge: str
    created_at: datetime | None
    last_sign_in: datetime | None
    support_only: bool
    factor: str | None
    facts: Facts
    information: str
    establishment: Facts
    check: str
    colleagues: list[ShownAccount] | None
    more_colleagues: bool
    sessions: Sequence[Any] | None
    mails: list[ShownMail] | None
    dossiers: list[ShownDossier] | None
    dossiers_total: int
    masked: list[str]
    missing: list[str]
    unavailable: tuple[str, ...]
    reasons: list[str]
    choices: list[tuple[str, str, str]]


def shown_account(request: web.Request, view: AccountView, details: AccountDetails) -> Shown:
    """The blocks of the page."""
    lang = request[REQUEST_STATE].lang
    state, person = details.state, details.person
    summary = _summary(details, lang)
    factor = details.factor
    return Shown(
        account_id=details.account_id,
        person=person.person if person else "",
        state=state_text(state.state, lang) if state else "",
        badge=state_badge(state.state) if state else "new",
        created_at=state.created_at if state else None,
        last_sign_in=state.last_sign_in if state else None,
        support_only=state.support_only if state else False,
        factor=None if factor is None else _factor(factor.enrolled_at, factor.recovery_left, lang),
        facts=summary.person,
        information=translate(texts.PROFILE_STATES[state.profile_state], lang) if state else "",
        establishment=summary.establishment,
        check=_check(details, lang),
        colleagues=None if details.colleagues is None else shown_rows(details.colleagues, lang),
        more_colleagues=details.more_colleagues,
        sessions=details.sessions,
        mails=None if details.mails is None else _mails(details.mails, lang),
        dossiers=None if details.dossiers is None else _dossiers(details.dossiers, lang),
        dossiers_total=details.dossiers_total,
        masked=[translate(texts.FIELDS[name], lang) for name in view.masked],
        missing=missing_parts(view.away, lang),
        unavailable=view.away,
        reasons=[reason_text(reason, lang) for reason in view.reasons],
        choices=[
            (name, _capital(reason_text(name, lang)), translate(texts.REASON_HINTS[name], lang))
            for name in view.choices
            if name not in view.reasons
        ],
    )


@dataclass(frozen=True)
class Summary:
    """Rows (name, label, value) of both parts."""

    person: Facts
    establishment: Facts


def _summary(details: AccountDetails, lang: str) -> Summary:
    """Person and establishment as the portal shows them, without what is masked."""
    person, place = details.person, details.establishment
    fields = ProfileFields(country="")
    if place is not None:
        known = msgspec.structs.asdict(place)
        names = set(ProfileFields.__struct_fields__) & known.keys()
        fields = msgspec.structs.replace(fields, **{name: known[name] for name in names})
    if person is not None:
        fields = msgspec.structs.replace(
            fields,
            phone=person.telephone,
            phone_extension=person.telephone_extension,
            position=person.position,
            position_other=person.position_other,
        )
    listed = summarize(fields, person.address if person else "", lang)
    return Summary(listed.person, listed.establishment)


def _check(details: AccountDetails, lang: str) -> str:
    """What the directory of companies knew of the SIRET."""
    place = details.establishment
    if place is None or place.siret_check not in texts.SIRET_CHECKS:
        return ""
    return translate(texts.SIRET_CHECKS[place.siret_check], lang)


def _factor(enrolled_at: datetime | None, recovery_left: int, lang: str) -> str:
    if enrolled_at is None:
        return translate(texts.NO_FACTOR, lang)
    left = translate_plural(texts.RECOVERY_LEFT, recovery_left, lang)
    return translate(texts.FACTOR, lang, date=enrolled_at.astimezone(PARIS).date(), codes=left)


def _mails(mails: Sequence[MailRecord], lang: str) -> list[ShownMail]:
    return [
        ShownMail(
            mail_id=mail.mail_id,
            written_at=mail.written_at,
            name=_capital(mail_name(mail.template, lang)),
            outcome=texts.mail_outcome(mail.state, mail.reason, lang),
            server_answer=mail.server_answer,
            kept_back=texts.kept_back_text(mail.kept_back, mail.template, lang),
        )
        for mail in mails
    ]


def _dossiers(rows: Sequence[DossierRow], lang: str) -> list[ShownDossier]:
    return [
        ShownDossier(
            number=row.number,
            kind=row.kind,
            status=status_text(row.status, lang),
            medicine=row.medicine,
            filed_on=row.filed_on,
        )
        for row in rows
    ]


@dataclass(frozen=True, kw_only=True)
class StoryLine:
    """One entry of the story: when, and the rest in words."""

    happened_at: datetime
    sentence: Sentence


@dataclass(frozen=True, kw_only=True)
class Story:
    """A page of the story, day by day, latest first. `after` continues it."""

    days: list[tuple[date, list[StoryLine]]]
    filters: list[tuple[str, str, bool]]
    show: str
    after: str
    acts_only_before: date


def shown_story(request: web.Request, story: TimelineView | None, show: str) -> Story | None:
    """The story in words; None where it cannot be read now."""
    if story is None:
        return None
    lang = request[REQUEST_STATE].lang
    values: dict[str, dict[str, Any]] = {}
    if story.values is not None:
        values = msgspec.json.decode(open_sealed(request, TimelineView, "values", story.values))
    names = MAILS | ACTS
    lines = [
        StoryLine(
            happened_at=entry.at,
            sentence=describe(entry, values.get(entry.entry_id, {}), lang, names),
        )
        for entry in story.entries
    ]
    by_day = groupby(lines, key=lambda line: line.happened_at.astimezone(PARIS).date())
    return Story(
        days=[(day, list(of_day)) for day, of_day in by_day],
        filters=[
            (value, translate(label, lang), value == show)
            for value, label in texts.STORY_FILTERS.items()
        ],
        show=show,
        after=story.after or "",
        acts_only_before=story.acts_only_before,
    )


@dataclass(frozen=True, kw_only=True)
class ShownAct:
    """An act that the agent may propose; `how` says whom it takes and how long it waits."""

    act: str
    name: str
    how: str


def shown_acts(request: web.Request, view: AccountView) -> list[ShownAct]:
    """What the agent may do with the account."""
    lang = request[REQUEST_STATE].lang
    return [
        ShownAct(
            act=one.act,
            name=translate(act_words.ACTS[one.act], lang),
            how=", ".join(
                filter(
                    None,
                    (
                        translate(texts.TWO_PEOPLE, lang) if one.two_people else "",
                        act_words.delay_text(one.delay_minutes, lang) if one.delay_minutes else "",
                    ),
                )
            ),
        )
        for one in view.acts
    ]


@dataclass(frozen=True, kw_only=True)
class ShownRequest:
    """A request of the account's holder, in words. `answer_by` is a day while it is open; `href` is
    empty where the desk has no page of requests."""

    number: str
    href: str
    kind: str
    state: str
    received_at: datetime
    answer_by: date | None
    late: bool


def shown_requests(
    request: web.Request, view: RequestQueueView | None
) -> list[ShownRequest] | None:
    """The requests of the account; None where they cannot be read now."""
    if view is None:
        return None
    lang, linked = request[REQUEST_STATE].lang, request.app[ROUTES].has("request")
    return [
        ShownRequest(
            number=row.number,
            href=url(request, "request", number=row.number) if linked else "",
            kind=translate(KINDS.get(row.kind, row.kind), lang),
            state=translate(texts.REQUEST_STATES.get(row.state, row.state), lang),
            received_at=row.received_at,
            answer_by=date.fromisoformat(row.answer_by)
            if row.answer_by and row.state not in CLOSED
            else None,
            late=row.late_days > 0 and row.state not in CLOSED,
        )
        for row in view.rows
    ]


@dataclass(frozen=True, kw_only=True)
class PlannedAct:
    """An act that is proposed or planned for the account, in words; `receiver` gets the dossiers of
    a transfer."""

    proposal_id: str
    may_stop: bool
    name: str
    number: str
    state: str
    proposed_by: str
    due_at: datetime | None
    expires_at: datetime | None
    receiver: str = ""


def shown_planned(request: web.Request, view: ProposalsView | None) -> list[PlannedAct] | None:
    """What is proposed or planned; None where it cannot be read now."""
    if view is None:
        return None
    lang, people = request[REQUEST_STATE].lang, {}
    if view.accounts is not None:
        text = open_sealed(request, ProposalsView, "accounts", view.accounts)
        people = msgspec.json.decode(text, type=dict[str, str])
    return [
        PlannedAct(
            proposal_id=row.proposal_id,
            may_stop=row.may_stop,
            name=_capital(act_text(row.act, lang)),
            number=row.number,
            state=translate(texts.ACT_STATES.get(row.state, row.state), lang),
            proposed_by=row.proposed_by_name,
            due_at=row.due_at,
            expires_at=row.expires_at,
            receiver=people.get(row.receiver_id, row.receiver_id),
        )
        for row in view.rows
    ]


@dataclass(frozen=True, kw_only=True)
class PlannedReplacement:
    """A lost phone whose owner may enrol another one without an agent, from `opens_at` on."""

    number: str
    opens_at: datetime


def shown_replacements(view: RequestQueueView | None) -> list[PlannedReplacement]:
    """The lost phones of the account that wait without an agent."""
    return [
        PlannedReplacement(number=row.number, opens_at=row.alone_at)
        for row in (view.rows if view is not None else ())
        if row.alone_at is not None
    ]


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
