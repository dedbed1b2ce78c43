"""Where a lost phone stands, and what may be done about it. Pure.

    asked → calling → matched → proposed → planned → released → code_told → done
    asked, calling, matched, proposed, planned → stopped; proposed → expired
    code_told → to_check → done            where other names were given
    waiting → open → done; waiting, open → stopped      without an agent (`phone_replacements`)

A phone is removed only after a call on a number that was on file for 30 days, or on the published
switchboard, whose two words matched; then a second agent agrees and a delay passes (G-26, OT-15).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from services.support.call_words import WORD_TRIES
from shared.contracts.base import Sealed

#: How long a number must have been on file before it is called.
LINE_AGE = timedelta(days=30)
CALLS_A_DAY = 2
DAY = timedelta(days=1)
#: Calls with wrong words, or words never said, after which the request ends.
MAX_FAILURES = 2
CODE_TIME = timedelta(days=7)
MAX_CODES = 3
CHECK, CODE = "check", "code"
FILE, SWITCHBOARD = "file", "switchboard"
LINES = (FILE, SWITCHBOARD)
#: How an agent ends a call, and which of these ends stop the request.
AGENT_OUTCOMES = ("no_answer", "not_requested", "doubt")
STOPPING_OUTCOMES = ("not_requested", "doubt")
#: Ends that count as failures: somebody was on the line and could not say the word.
FAILURES = ("wrong_words", "time_over")
CALLABLE = {"asked": CHECK, "released": CODE, "code_told": CODE}
#: Where an agent may close the request: nothing is on its way, and nobody is without credentials
#: because of it. Whoever gave other names may be a stranger: the holder then makes another request.
CLOSABLE = ("asked", "expired", "stopped", "to_check", "done")
#: What the person can still stop.
STOPPABLE = ("asked", "calling", "matched", "proposed", "planned", "waiting", "open")


@dataclass(frozen=True, kw_only=True)
class LostPhone:
    """What the desk knows of one lost phone; `proposal_state` is its act's, if there is one. The
    fields from `alone_since` on are those of one that waits without an agent."""

    number: str
    account_id: str
    proposal_id: str | None = None
    names_proposal_id: str | None = None
    proposal_state: str = ""
    due_at: datetime | None = None
    stopped_at: datetime | None = None
    stopped_by: str = ""
    released_at: datetime | None = None
    codes: int = 0
    code_until: datetime | None = None
    held_at: datetime | None = None
    resumed_at: datetime | None = None
    alone_since: datetime | None = None
    alone_due_at: datetime | None = None
    reminded_at: datetime | None = None
    opened_at: datetime | None = None
    open_until: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class Call:
    """One call. `agent_word`, `words` and `word_hash` are there while it lasts. `telephone` is a
    published number, and `found_at` where it is published; that of the file is only hashed."""

    id: str
    number: str
    agent_id: str
    purpose: str
    line: str
    line_hash: bytes = field(repr=False)
    line_since: datetime | None = None
    telephone: str = ""
    found_at: str = ""
    agent_word: Sealed | None = None
    words: Sealed | None = None
    word_hash: bytes | None = field(default=None, repr=False)
    word_key_id: str | None = None
    wrong_words: int = 0
    started_at: datetime
    ends_at: datetime
    matched_at: datetime | None = None
    ended_at: datetime | None = None
    outcome: str = ""

    def is_going_on(self, now: datetime) -> bool:
        """Whether words are shown and checked."""
        return self.ended_at is None and now < self.ends_at

    @property
    def tries_left(self) -> int:
        """How many typed words are still checked."""
        return max(0, WORD_TRIES - self.wrong_words)


def state_of(case: LostPhone, call: Call | None, now: datetime) -> str:
    """Where a lost phone stands; `call` is the one that has not ended."""
    if case.resumed_at is not None:
        return "done"
    if case.held_at is not None:
        return "to_check"
    if case.released_at is not None:
        told = case.code_until is not None and now < case.code_until
        return "code_told" if told else "released"
    if case.stopped_at is not None or case.proposal_state in ("stopped", "refused", "failed"):
        return "stopped"
    if case.alone_since is not None:
        return "waiting" if case.opened_at is None else "open"
    if case.proposal_state == "expired":
        return "expired"
    if case.proposal_state == "approved":
        return "planned"
    if case.proposal_state == "proposed":
        return "proposed"
    if call is not None and call.is_going_on(now):
        return "calling" if call.matched_at is None else "matched"
    return "asked"


def purpose_of(state: str) -> str:
    """What a call would be for, or is."""
    return CALLABLE.get(state, CODE if state in ("to_check", "done") else CHECK)


def failures(calls: Iterable[Call], purpose: str) -> int:
    """How many calls failed."""
    return sum(call.purpose == purpose and call.outcome in FAILURES for call in calls)


def ends_request(before: Iterable[Call], purpose: str, outcome: str) -> bool:
    """Whether a call that ends so ends its request: the person asked for nothing, the agent doubts,
    or it is the second that fails. `before` are the former calls. After the removal none does."""
    if purpose != CHECK:
        return False
    fails = outcome in FAILURES and failures(before, CHECK) + 1 >= MAX_FAILURES
    return fails or outcome in STOPPING_OUTCOMES


def first_call(calls: Iterable[Call]) -> Call | None:
    """The call that verified who asked; the second goes to the same number."""
    verified = [call for call in calls if call.purpose == CHECK and call.matched_at is not None]
    return verified[-1] if verified else None


def calls_left(calls: Iterable[Call], purpose: str, now: datetime) -> int:
    """How many more calls may start today."""
    made = sum(call.purpose == purpose and call.started_at > now - DAY for call in calls)
    return max(0, CALLS_A_DAY - made)


def call_refusal(case: LostPhone, calls: Sequence[Call], now: datetime, *, is_owner: bool) -> str:
    """Why no call may start now, or an empty text. `is_owner`: the agent took the request. `calls`
    are those of all requests of the account: another request gives no further guesses today."""
    own = [call for call in calls if call.number == case.number]
    going_on = next((call for call in own if call.is_going_on(now)), None)
    state = state_of(case, going_on, now)
    if state not in CALLABLE:
        return "state"
    if not is_owner:
        return "not_yours"
    if going_on is not None:
        return "going_on"
    purpose = CALLABLE[state]
    if purpose == CODE and case.codes >= MAX_CODES:
        return "codes"
    if failures(own, purpose) >= MAX_FAILURES:
        return "failures"
    return "" if calls_left(calls, purpose, now) else "calls_today"


def may_cancel(case: LostPhone) -> bool:
    """Whether the person may cancel the request: once the credentials are gone it is their way back
    to the account."""
    return case.released_at is None


def may_close(case: LostPhone, calls: Sequence[Call], now: datetime) -> bool:
    """Whether an agent may close the request. After the removal only where no call can follow any
    more: another request, with a new check, is the way back then."""
    going_on = next((call for call in calls if call.is_going_on(now)), None)
    state = state_of(case, going_on, now)
    if state in CLOSABLE:
        return True
    used_up = case.codes >= MAX_CODES or failures(calls, CODE) >= MAX_FAILURES
    return state == "released" and used_up and going_on is None


def line_refusal(since: datetime | None, *, mobile: bool, stolen: bool, now: datetime) -> str:
    """Why the number of the file is not called, or an empty text: it is too new, or its phone is in
    the thief's hand."""
    if since is None:
        return "none"
    if now < since + LINE_AGE:
        return "too_new"
    return "stolen" if stolen and mobile else ""


def outcome_at_end(call: Call) -> str:
    """How a call ended that nobody ended."""
    return "matched" if call.matched_at is not None else "time_over"


def outcome_of_stop(call: Call) -> str:
    """How a call ended that was stopped."""
    return "matched" if call.matched_at is not None else "stopped"
