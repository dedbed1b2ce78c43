"""The rules of a delivery, as tables: answers, schedule, doubts."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.mailer.deliveries import (
    Kind,
    Outcome,
    Stage,
    Standing,
    State,
    Told,
    decide,
    judge,
    next_try,
)

NOW = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)
SCHEDULE = (timedelta(minutes=1), timedelta(minutes=5), timedelta(minutes=30))


def standing(
    *, opens: bool = True, deferrals: int = 0, doubts: int = 0, life: timedelta | None = None
) -> Standing:
    return Standing(
        opens=opens,
        deferrals=deferrals,
        doubts=doubts,
        expires_at=NOW + (life or timedelta(hours=24)),
    )


@pytest.mark.parametrize(
    ("stage", "code", "answer", "kind", "reason"),
    [
        (Stage.RECIPIENT, 550, "5.1.1 no such user", Kind.REFUSED, "unknown_mailbox"),
        (Stage.RECIPIENT, 550, "No such user here", Kind.REFUSED, "unknown_mailbox"),
        (Stage.RECIPIENT, 550, "5.1.10 null MX", Kind.REFUSED, "unknown_mailbox"),
        (Stage.RECIPIENT, 551, "user not local", Kind.REFUSED, "unknown_mailbox"),
        (Stage.RECIPIENT, 553, "5.1.3 bad syntax", Kind.REFUSED, "unknown_mailbox"),
        (Stage.RECIPIENT, 550, "5.7.1 relaying denied", Kind.REFUSED, "refused"),
        (Stage.RECIPIENT, 550, "5.2.1 disabled", Kind.REFUSED, "refused"),
        (Stage.RECIPIENT, 552, "5.2.2 over quota", Kind.REFUSED, "mailbox_full"),
        (Stage.RECIPIENT, 550, "5.2.2 over quota", Kind.REFUSED, "mailbox_full"),
        (Stage.RECIPIENT, 552, "mailbox full", Kind.REFUSED, "mailbox_full"),
        (Stage.CONTENT, 552, "5.3.4 message too big", Kind.REFUSED, "refused"),
        (Stage.RECIPIENT, 554, "5.7.1 blocked", Kind.REFUSED, "refused"),
        (Stage.CONTENT, 550, "spam", Kind.REFUSED, "refused"),
        (Stage.SENDER, 550, "not from you", Kind.REFUSED, "refused"),
        (Stage.SENDER, 552, "too much", Kind.REFUSED, "refused"),
        (Stage.RECIPIENT, 421, "4.3.2 closing", Kind.DEFERRED, "unreachable"),
        (Stage.RECIPIENT, 450, "4.2.0 greylisted", Kind.DEFERRED, "refused"),
        (Stage.RECIPIENT, 451, "later", Kind.DEFERRED, "refused"),
        (Stage.RECIPIENT, 452, "4.2.2 over quota", Kind.DEFERRED, "mailbox_full"),
        (Stage.CONTENT, 451, "4.3.0 later", Kind.DEFERRED, "refused"),
    ],
)
def test_em_11_what_an_answer_means(
    stage: Stage, code: int, answer: str, kind: Kind, reason: str
) -> None:
    outcome = judge(stage, code, answer)
    assert (outcome.kind, outcome.reason) == (kind, reason)
    assert (outcome.code, outcome.answer) == (code, answer)


@given(st.integers(400, 599), st.sampled_from(Stage), st.text(max_size=80))
def test_em_11_five_is_never_and_four_is_later_whatever_the_words(
    code: int, stage: Stage, answer: str
) -> None:
    outcome = judge(stage, code, answer)
    assert (outcome.kind is Kind.REFUSED) == (code >= 500)
    assert outcome.reason in {"unknown_mailbox", "mailbox_full", "refused", "unreachable"}


def test_mail_retry_one_five_thirty_minutes_then_hourly() -> None:
    waits = [next_try(n, NOW, SCHEDULE) - NOW for n in range(1, 7)]
    assert [wait.total_seconds() / 60 for wait in waits] == [1, 5, 30, 60, 60, 60]


def test_an_accepted_mail_is_final() -> None:
    step = decide(standing(), Outcome(kind=Kind.ACCEPTED), NOW, SCHEDULE)
    assert (step.state, step.told, step.final) == (State.ACCEPTED, Told.ACCEPTED, True)


def test_a_deferred_mail_is_due_later_and_says_why() -> None:
    outcome = Outcome(kind=Kind.DEFERRED, reason="mailbox_full")
    step = decide(standing(deferrals=1), outcome, NOW, SCHEDULE)
    assert (step.state, step.told, step.reason) == (State.DEFERRED, Told.DEFERRED, "mailbox_full")
    assert step.due_at == NOW + timedelta(minutes=5)
    assert (step.deferrals, step.final) == (2, False)


@pytest.mark.parametrize(("life", "state"), [(59, State.REFUSED), (61, State.DEFERRED)])
def test_a_mail_is_not_deferred_beyond_the_life_of_its_code(life: int, state: State) -> None:
    outcome = Outcome(kind=Kind.DEFERRED, reason="refused")
    step = decide(standing(life=timedelta(seconds=life)), outcome, NOW, SCHEDULE)
    assert step.state is state
    assert step.reason == ("expired" if state is State.REFUSED else "refused")


def test_a_code_that_has_run_out_is_dropped_and_told() -> None:
    step = decide(standing(), Outcome(kind=Kind.TOO_LATE), NOW, SCHEDULE)
    assert (step.state, step.told, step.reason) == (State.DROPPED, Told.REFUSED, "expired")


@pytest.mark.parametrize(
    ("opens", "doubts", "state", "told"),
    [
        (True, 0, State.PENDING, None),
        (True, 1, State.HELD, Told.REFUSED),
        (False, 0, State.HELD, Told.REFUSED),
    ],
)
def test_settled_10_a_doubt_goes_again_once_if_it_opens_something(
    opens: bool, doubts: int, state: State, told: Told | None
) -> None:
    step = decide(standing(opens=opens, doubts=doubts), Outcome(kind=Kind.IN_DOUBT), NOW, SCHEDULE)
    assert (step.state, step.told, step.reason) == (state, told, "in_doubt")
    assert step.doubts == doubts + 1
    assert step.due_at == (NOW if state is State.PENDING else None)
    assert not step.final  # the code is still needed


@given(
    st.sampled_from(Kind),
    st.booleans(),
    st.integers(0, 50),
    st.integers(0, 3),
    st.integers(1, 10_000_000),
)
def test_every_step_keeps_what_the_table_demands(
    kind: Kind, opens: bool, deferrals: int, doubts: int, life: int
) -> None:
    before = standing(opens=opens, deferrals=deferrals, doubts=doubts, life=timedelta(seconds=life))
    step = decide(before, Outcome(kind=kind, reason="refused"), NOW, SCHEDULE)
    assert (step.due_at is not None) == (step.state in {State.PENDING, State.DEFERRED})
    assert step.deferrals >= deferrals
    assert step.doubts >= doubts
    if step.due_at is not None and step.state is State.DEFERRED:
        assert NOW < step.due_at < before.expires_at
