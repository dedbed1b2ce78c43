"""The rules of a delivery, as tables: answers, schedule, doubts."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.mailer.deliveries import (
    DeliveryFacts,
    Outcome,
    OutcomeKind,
    Stage,
    State,
    StatusEvent,
    classify_response,
    decide,
    next_try,
)

NOW = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)
SCHEDULE = (timedelta(minutes=1), timedelta(minutes=5), timedelta(minutes=30))


def standing(
    *, opens: bool = True, deferrals: int = 0, doubts: int = 0, life: timedelta | None = None
) -> DeliveryFacts:
    return DeliveryFacts(
        carries_secret=opens,
        deferrals=deferrals,
        uncertain_attempts=doubts,
        expires_at=NOW + (life or timedelta(hours=24)),
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
def test_em_11_what_an_answer_means(
    stage: Stage, code: int, answer: str, kind: OutcomeKind, reason: str
) -> None:
    outcome = classify_response(stage, code, answer)
    assert (outcome.kind, outcome.reason) == (kind, reason)
    assert (outcome.code, outcome.answer) == (code, answer)


@given(st.integers(400, 599), st.sampled_from(Stage), st.text(max_size=80))
def test_em_11_five_is_never_and_four_is_later_whatever_the_words(
    code: int, stage: Stage, answer: str
) -> None:
    outcome = classify_response(stage, code, answer)
    assert (outcome.kind is OutcomeKind.REFUSED) == (code >= 500)
    assert outcome.reason in {"unknown_mailbox", "mailbox_full", "refused", "unreachable"}


def test_mail_retry_one_five_thirty_minutes_then_hourly() -> None:
    waits = [next_try(n, NOW, SCHEDULE) - NOW for n in range(1, 7)]
    assert [wait.total_seconds() / 60 for wait in waits] == [1, 5, 30, 60, 60, 60]


def test_an_accepted_mail_is_final() -> None:
    step = decide(standing(), Outcome(kind=OutcomeKind.ACCEPTED), NOW, SCHEDULE)
    assert (step.state, step.event, step.final) == (State.ACCEPTED, StatusEvent.ACCEPTED, True)


def test_a_deferred_mail_is_due_later_and_says_why() -> None:
    outcome = Outcome(kind=OutcomeKind.DEFERRED, reason="mailbox_full")
    step = decide(standing(deferrals=1), outcome, NOW, SCHEDULE)
    assert (step.state, step.event, step.reason) == (
        State.DEFERRED,
        StatusEvent.DEFERRED,
        "mailbox_full",
    )
    assert step.due_at == NOW + timedelta(minutes=5)
    assert (step.deferrals, step.final) == (2, False)


@pytest.mark.parametrize(("life", "state"), [(59, State.REFUSED), (61, State.DEFERRED)])
def test_a_mail_is_not_deferred_beyond_the_life_of_its_code(life: int, state: State) -> None:
    outcome = Outcome(kind=OutcomeKind.DEFERRED, reason="refused")
    step = decide(standing(life=timedelta(seconds=life)), outcome, NOW, SCHEDULE)
    assert step.state is state
    assert step.reason == ("expired" if state is State.REFUSED else "refused")


def test_a_code_that_has_run_out_is_dropped_and_told() -> None:
    step = decide(standing(), Outcome(kind=OutcomeKind.EXPIRED), NOW, SCHEDULE)
    assert (step.state, step.event, step.reason) == (State.DROPPED, StatusEvent.REFUSED, "expired")


@pytest.mark.parametrize(
    ("opens", "doubts", "state", "told"),
    [
        (True, 0, State.PENDING, None),
        (True, 1, State.HELD, StatusEvent.REFUSED),
        (False, 0, State.HELD, StatusEvent.REFUSED),
    ],
)
def test_a_doubt_goes_again_once_if_it_opens_something(
    opens: bool, doubts: int, state: State, told: StatusEvent | None
) -> None:
    step = decide(
        standing(opens=opens, doubts=doubts), Outcome(kind=OutcomeKind.UNCERTAIN), NOW, SCHEDULE
    )
    assert (step.state, step.event, step.reason) == (state, told, "in_doubt")
    assert step.uncertain_attempts == doubts + 1
    assert step.due_at == (NOW if state is State.PENDING else None)
    assert not step.final  # the code is still needed


@given(
    st.sampled_from(OutcomeKind),
    st.booleans(),
    st.integers(0, 50),
    st.integers(0, 3),
    st.integers(1, 10_000_000),
)
def test_every_step_keeps_what_the_table_demands(
    kind: OutcomeKind, opens: bool, deferrals: int, doubts: int, life: int
) -> None:
    before = standing(opens=opens, deferrals=deferrals, doubts=doubts, life=timedelta(seconds=life))
    step = decide(before, Outcome(kind=kind, reason="refused"), NOW, SCHEDULE)
    assert (step.due_at is not None) == (step.state in {State.PENDING, State.DEFERRED})
    assert step.deferrals >= deferrals
    assert step.uncertain_attempts >= doubts
    if step.due_at is not None and step.state is State.DEFERRED:
        assert NOW < step.due_at < before.expires_at
