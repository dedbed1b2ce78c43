"""What the desk's page for operators asks of the service `operations`, through support."""

from datetime import datetime

import msgspec

from shared.contracts.base import Reply, Request, request

OWNER = "operations"


class QueueRow(msgspec.Struct, frozen=True, kw_only=True):
    """What waits for one service, or in a queue of its own, as `impex queues` shows it.

    `ready` for a consumer, `in_work` with one, `waiting` to be tried again, the next at `next_at`;
    `oldest_at` is of those that wait or are dead. Rates are per second; `full` is the share of its
    limit, 0 to 1. `stopped`: nobody consumes it who should; `kept`: nobody is expected to.
    """

    queue: str
    ready: int
    in_work: int
    waiting: int
    next_at: datetime | None
    dead: int
    oldest_at: datetime | None
    in_rate: float
    out_rate: float
    consumers: int
    full: float | None
    stopped: bool
    kept: bool
    at_rest: bool


class QueuesView(Reply, frozen=True, kw_only=True):
    """Every row, in the order of the services, as it was at `read_at`."""

    rows: tuple[QueueRow, ...]
    read_at: datetime


@request(OWNER, QueuesView, changes=False)
class ReadQueues(Request, frozen=True, kw_only=True):
    """What waits, moves or is dead. Refused with `broker_away` where the broker does not say."""


class LetterGroupRow(msgspec.Struct, frozen=True, kw_only=True):
    """Letters of one fault, as `impex dead list` shows them: nothing of their content.

    `first` and `last` are ISO texts, empty where not known. `verified`: the owner of the type
    published them; others are never sent again.
    """

    fault: str
    service: str
    count: int
    types: tuple[str, ...]
    first: str
    last: str
    error_type: str
    error: str
    published_by: str
    verified: bool


class LetterActRow(msgspec.Struct, frozen=True, kw_only=True):
    """An act on letters that was ordered on the page: `replay` or `discard`, of the letter with
    this code, or of all of a fault. `done` letters so far; `ended_at` once it is over; `failure`
    says why it was given up, empty otherwise."""

    act_id: str
    act: str
    service: str
    code: str
    fault: str
    agent_id: str
    reason: str
    ordered_at: datetime
    done: int
    ended_at: datetime | None
    failure: str = ""


class LettersView(Reply, frozen=True, kw_only=True):
    """The letters of one place by fault, as they were at `read_at`; None: they are being read now.

    `cut`: more are there than are read in one go. `acts` are under way, or ended within an hour.
    """

    groups: tuple[LetterGroupRow, ...]
    read_at: datetime | None
    cut: bool
    acts: tuple[LetterActRow, ...]


@request(OWNER, LettersView, changes=False)
class ListLetters(Request, frozen=True, kw_only=True):
    """The letters of a place: `dead`, `retry`, `unrouted` or `discarded`. Refused with
    `broker_away`."""

    place: str


class LetterField(msgspec.Struct, frozen=True, kw_only=True):
    """A field of a letter, and its value without what may be about a person."""

    name: str
    value: str


class LetterView(Reply, frozen=True, kw_only=True):
    """One letter as an operator may see it, as `impex dead show` shows it without `--reveal`.

    `count` letters have the same fault. Texts are empty where there is nothing to say.
    """

    service: str
    fault: str
    code: str
    id: str
    type: str
    inner_type: str
    account: str
    trace: str
    said_at: str
    published_by: str
    verified: bool
    error_type: str
    error: str
    place: str
    frames: tuple[str, ...]
    attempt: int
    first_failed_at: str
    first_error: str
    failed_at: str
    replays: int
    replayed_by: str
    replayed_at: str
    discarded_by: str
    discarded_at: str
    discard_reason: str
    readable: bool
    fields: tuple[LetterField, ...]
    count: int


@request(OWNER, LetterView, changes=False)
class ShowLetter(Request, frozen=True, kw_only=True):
    """The oldest letter of a fault, or the one with this code. Refused with `gone`, with `busy`
    while another reading or act holds the letters, or with `broker_away`."""

    place: str
    service: str
    fault: str
    letter: str


class TrialView(Reply, frozen=True, kw_only=True):
    """What would become of a letter: `handled`, `duplicate`, `failed`, or `no_answer` in time."""

    outcome: str
    error_type: str
    error: str
    frames: tuple[str, ...]


@request(OWNER, TrialView, changes=False)
class TryLetter(Request, frozen=True, kw_only=True):
    """Have the service of a dead letter handle it and undo everything. Refused with `gone`, `busy`
    or `broker_away`. `by` is for the log."""

    service: str
    letter: str
    by: str
