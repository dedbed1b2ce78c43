"""The rules of a delivery, as tables: replies, schedule, uncertain attempts."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.mailer.deliveries import (
    Delivery,
    Outcome,
    OutcomeKind,
    Stage,
    State,
    classify_response,
    decide,
    next_try,
)
from services.mailer.mail_templates import FINALISATION, VALIDATION
from shared.contracts.mailer import MailAccepted, MailDeferred, MailRefused
from tests.support.mail.sample_mails import data_of

NOW = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)
SCHEDULE = (timedelta(minutes=1), timedelta(minutes=5), timedelta(minutes=30))


def delivery(
    *, secret: bool = True, deferrals: int = 0, doubts: int = 0, life: timedelta | None = None
) -> Delivery:
    template = VALIDATION if secret else FINALISATION
    return Delivery(
        mail_id=UUID(int=1),
        cause="cause",
        template=template,
        subject=None,
        request_id=None,
        traceparent=None,
        language="fr",
        address="pierre@labo.example",
        data=data_of(template.name),
        asked_at=NOW,
        written_at=NOW,
        expires_at=NOW + (life or timedelta(hours=24)),
        deferrals=deferrals,
        doubts=doubts,
    )


@pytest.mark.parametrize(
    ("stage", "code", "answer", "kind", "reason"),
    [
        (Stage.RECIPIENT, 550, "5.1.1 no such user", OutcomeKind.REFUSED, "unknown_mailbox"),
        (Stage.RECIPIENT, 550, "No such user here", OutcomeKind.REFUSED, "unknown_mailbox"),
        (Stage.RECIPIENT, 550, "5.1.10 null MX", OutcomeKind.REFUSED, "unknown_mailbox"),
        (Stage.RECIPIENT, 551, "user not local", OutcomeKind.REFUSED, "unknown_mailbox"),
        (Stage.RECIPIENT, 553, "5.1.3 bad syntax", OutcomeKind.REFUSED, "unknown_mailbox"),
        (Stage.RECIPIENT, 550, "5.7.1 relaying denied", OutcomeKind.REFUSED, "refused"),
        (Stage.RECIPIENT, 550, "5.2.1 disabled", OutcomeKind.REFUSED, "refused"),
        (Stage.RECIPIENT, 552, "5.2.2 over quota", OutcomeKind.REFUSED, "mailbox_full"),
        (Stage.RECIPIENT, 550, "5.2.2 over quota", OutcomeKind.REFUSED, "mailbox_full"),
        (Stage.RECIPIENT, 552, "mailbox full", OutcomeKind.REFUSED, "mailbox_full"),
        (Stage.CONTENT, 552, "5.3.4 message too big", OutcomeKind.REFUSED, "refused"),
        (Stage.RECIPIENT, 554, "5.7.1 blocked", OutcomeKind.REFUSED, "refused"),
        (Stage.CONTENT, 550, "spam", OutcomeKind.REFUSED, "refused"),
        (Stage.SENDER, 550, "not from you", OutcomeKind.REFUSED, "refused"),
        (Stage.SENDER, 552, "too much", OutcomeKind.REFUSED, "refused"),
        (Stage.RECIPIENT, 421, "4.3.2 closing", OutcomeKind.DEFERRED, "unreachable"),
        (Stage.RECIPIENT, 450, "4.2.0 greylisted", OutcomeKind.DEFERRED, "refused"),
        (Stage.RECIPIENT, 451, "later", OutcomeKind.DEFERRED, "refused"),
        (Stage.RECIPIENT, 452, "4.2.2 over quota", OutcomeKind.DEFERRED, "mailbox_full"),
        (Stage.CONTENT, 451, "4.3.0 later", OutcomeKind.DEFERRED, "refused"),
    ],
)
def test_em_11_the_meaning_of_a_reply(
    stage: Stage, code: int, answer: str, kind: OutcomeKind, reason: str
) -> None:
    outcome = classify_response(stage, code, answer)
    assert (outcome.kind, outcome.reason) == (kind, reason)
    assert (outcome.code, outcome.answer) == (code, answer)


@given(st.integers(400, 599), st.sampled_from(Stage), st.text(max_size=80))
def test_em_11_a_5xx_reply_is_final_and_a_4xx_reply_is_temporary_whatever_its_text(
    code: int, stage: Stage, answer: str
) -> None:
    outcome = classify_response(stage, code, answer)
    assert (outcome.kind is OutcomeKind.REFUSED) == (code >= 500)
    assert outcome.reason in {"unknown_mailbox", "mailbox_full", "refused", "unreachable"}


def test_mail_retry_one_five_thirty_minutes_then_hourly() -> None:
    waits = [next_try(n, NOW, SCHEDULE) - NOW for n in range(1, 7)]
    assert [wait.total_seconds() / 60 for wait in waits] == [1, 5, 30, 60, 60, 60]


def test_an_accepted_mail_is_final() -> None:
    step = decide(delivery(), Outcome(kind=OutcomeKind.ACCEPTED), NOW, SCHEDULE)
    assert (step.state, step.event, step.final) == (State.ACCEPTED, MailAccepted, True)


def test_a_deferred_mail_is_due_later_with_a_reason() -> None:
    outcome = Outcome(kind=OutcomeKind.DEFERRED, reason="mailbox_full")
    step = decide(delivery(deferrals=1), outcome, NOW, SCHEDULE)
    assert (step.state, step.event, step.reason) == (
        State.DEFERRED,
        MailDeferred,
        "mailbox_full",
    )
    assert step.due_at == NOW + timedelta(minutes=5)
    assert (step.deferrals, step.final) == (2, False)


@pytest.mark.parametrize(("life", "state"), [(59, State.REFUSED), (61, State.DEFERRED)])
def test_a_mail_is_not_deferred_beyond_the_validity_of_its_code(life: int, state: State) -> None:
    outcome = Outcome(kind=OutcomeKind.DEFERRED, reason="refused")
    step = decide(delivery(life=timedelta(seconds=life)), outcome, NOW, SCHEDULE)
    assert step.state is state
    assert step.reason == ("expired" if state is State.REFUSED else "refused")


def test_an_expired_code_is_dropped_and_reported() -> None:
    step = decide(delivery(), Outcome(kind=OutcomeKind.EXPIRED), NOW, SCHEDULE)
    assert (step.state, step.event, step.reason) == (State.DROPPED, MailRefused, "expired")


#: In seconds: how long the code is valid, how long ago the attempt was, and the wait before the
#: next one; None where the mail is held.
@pytest.mark.parametrize(
    ("secret", "doubts", "life", "age", "wait"),
    [
        (True, 0, 86_400, 0, 5),
        (True, 1, 86_400, 0, 30),
        (True, 2, 86_400, 0, None),
        (True, 3, 86_400, 0, None),
        (False, 0, 86_400, 0, None),
        (True, 0, 6, 0, 5),
        (True, 0, 5, 0, None),
        (True, 1, 31, 0, 30),
        (True, 1, 30, 0, None),
        (True, 0, 86_400, 3, 2),
        (True, 0, 86_400, 8, 0),
        (True, 1, 86_400, 8, 22),
    ],
)
def test_r_04_an_uncertain_mail_with_a_secret_is_sent_again_after_a_wait(
    secret: bool, doubts: int, life: int, age: int, wait: int | None
) -> None:
    before = delivery(secret=secret, doubts=doubts, life=timedelta(seconds=life))
    outcome = Outcome(kind=OutcomeKind.UNCERTAIN, age=timedelta(seconds=age))
    step = decide(before, outcome, NOW, SCHEDULE)
    held = wait is None
    assert (step.state, step.event, step.reason) == (
        (State.HELD, MailRefused, "in_doubt") if held else (State.PENDING, None, "in_doubt")
    )
    assert step.uncertain_attempts == doubts + 1
    assert step.due_at == (None if wait is None else NOW + timedelta(seconds=wait))
    assert not step.final  # the code is still needed


@given(
    st.sampled_from(OutcomeKind),
    st.booleans(),
    st.integers(0, 50),
    st.integers(0, 3),
    st.integers(1, 10_000_000),
)
def test_every_transition_obeys_the_table(
    kind: OutcomeKind, secret: bool, deferrals: int, doubts: int, seconds: int
) -> None:
    life = timedelta(seconds=seconds)
    before = delivery(secret=secret, deferrals=deferrals, doubts=doubts, life=life)
    step = decide(before, Outcome(kind=kind, reason="refused"), NOW, SCHEDULE)
    assert (step.due_at is not None) == (step.state in {State.PENDING, State.DEFERRED})
    assert step.deferrals >= deferrals
    assert step.uncertain_attempts >= doubts
    if step.due_at is not None:
        assert NOW < step.due_at < before.expires_at
