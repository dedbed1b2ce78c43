"""What people ask of the support desk: requests with a number, their thread, what became of them.

A day is an ISO date such as `2026-12-04`, in Paris. `kind` is one of `lost_phone`, `correction`,
`departure`, `mailbox`, `message`. Whoever has no account has left an address that nobody has
verified: an event then has it in `address`, sealed for the mailer, and `language`; otherwise both
are empty and the mailer's directory says where the subject's mails go.

Requests of agents are refused with `forbidden` for what the role does not do.
"""

from datetime import datetime

from shared.contracts.base import Event, Reply, Request, Sealed, event, request
from shared.contracts.data_export import PersonalDataView

OWNER = "support"


# Events.


@event(OWNER)
class RequestReceived(Event, frozen=True, kw_only=True):
    """A request arrived at the desk. `channel` is `portal`, `call` or `mail`. `alone`: a lost phone
    that waits without an agent, whose mails are others.

    `link_token` (256 bits, base64url), sealed for the mailer, opens the page that shows where the
    request stands.
    """

    number: str
    kind: str
    channel: str
    answer_by: str
    received_at: datetime
    link_token: Sealed
    address: Sealed | None = None
    language: str = ""
    alone: bool = False


@event(OWNER)
class RequestTaken(Event, frozen=True, kw_only=True):
    """An agent works on the request."""

    number: str
    agent_id: str
    taken_at: datetime


@event(OWNER)
class RequestReleased(Event, frozen=True, kw_only=True):
    """The agent gave the request back."""

    number: str
    agent_id: str
    released_at: datetime


@event(OWNER)
class RequestDelayed(Event, frozen=True, kw_only=True):
    """The promised day passed without an answer; `answer_by` is the new one. Said once."""

    number: str
    kind: str
    answer_by: str
    delayed_at: datetime
    link_token: Sealed
    address: Sealed | None = None
    language: str = ""


@event(OWNER)
class RequestAnswered(Event, frozen=True, kw_only=True):
    """An agent wrote to the person, and `asks` for a reply or not. `text` is sealed for the
    mailer."""

    number: str
    kind: str
    agent_id: str
    asks: bool
    text: Sealed
    answered_at: datetime
    link_token: Sealed
    address: Sealed | None = None
    language: str = ""


@event(OWNER)
class RequestReminded(Event, frozen=True, kw_only=True):
    """The person has not replied; without a reply the request is closed on `closes_on`."""

    number: str
    kind: str
    closes_on: str
    reminded_at: datetime
    link_token: Sealed
    address: Sealed | None = None
    language: str = ""


@event(OWNER)
class RequestReplied(Event, frozen=True, kw_only=True):
    """The person wrote in their request; `reopened`: it was closed before."""

    number: str
    reopened: bool
    replied_at: datetime


@event(OWNER)
class RequestMoved(Event, frozen=True, kw_only=True):
    """An act about the request was proposed, agreed to or stopped: `state` is `in_approval`,
    `planned` or `in_progress`."""

    number: str
    state: str
    moved_at: datetime


@event(OWNER)
class RequestClosed(Event, frozen=True, kw_only=True):
    """The request ended: `state` is `done`, `refused`, `cancelled` or `lapsed`.

    `reason` is a code: of an agent `done_as_asked`, `answered`, `nothing_to_change`,
    `not_verified`, `not_possible`, `not_ours`; otherwise `by_person`, `no_reply` or `act_stopped`.
    `text`, what the agent added, is sealed for the mailer. A reply before the day `reply_until`
    reopens it; empty where none does.
    """

    number: str
    kind: str
    state: str
    reason: str
    closed_at: datetime
    link_token: Sealed
    reply_until: str = ""
    agent_id: str = ""
    text: Sealed | None = None
    address: Sealed | None = None
    language: str = ""


@event(OWNER)
class FollowUpLinkRequested(Event, frozen=True, kw_only=True):
    """Somebody typed the number of a request: a link goes to the address that made it."""

    number: str
    kind: str
    requested_at: datetime
    expires_at: datetime
    link_token: Sealed
    address: Sealed | None = None
    language: str = ""


@event(OWNER)
class ReadyAnswerChanged(Event, frozen=True, kw_only=True):
    """A supervisor changed a ready-made answer; `version` counts the changes."""

    name: str
    version: int
    agent_id: str
    changed_at: datetime


# Of the portal: the person's side.


class PersonEntry(Reply, frozen=True, kw_only=True):
    """One text of a thread: `author` is `person` or `desk`, never who of the desk. `text` is sealed
    for the gateway."""

    author: str
    text: Sealed
    written_at: datetime


class PersonRequestView(Reply, frozen=True, kw_only=True):
    """Where a request stands, as the person sees it.

    `answer_by` is the latest promise, `planned_on` the day on which what was agreed to happens.
    `reason` is why it is closed. `can_cancel`; `can_reply`, for a closed one until `reply_until`.
    Without `thread` in a list.
    """

    number: str
    kind: str
    state: str
    received_at: datetime
    answer_by: str
    delayed: bool = False
    planned_on: str = ""
    reason: str = ""
    closed_at: datetime | None = None
    reply_until: str = ""
    can_cancel: bool = False
    can_reply: bool = False
    thread: tuple[PersonEntry, ...] = ()


class PersonRequestsView(Reply, frozen=True, kw_only=True):
    """The requests of an account: the open ones first, then those closed lately, newest first."""

    requests: tuple[PersonRequestView, ...]


class FollowUpDone(Reply, frozen=True, kw_only=True):
    """The request was taken; the same whether or not anything has that number."""


@request(OWNER, PersonRequestsView, changes=False)
class ListMyRequests(Request, frozen=True, kw_only=True):
    """The requests of an account, whose holder is signed in."""

    account_id: str


@request(OWNER, PersonRequestView, changes=False)
class DescribeMyRequest(Request, frozen=True, kw_only=True):
    """Where one request stands: of the signed-in holder by its number, or by a mailed link.

    Refused with `not_found`, or `link_malformed`, `link_gone`, `link_expired` (params: at).
    """

    number: str = ""
    account_id: str = ""
    link_token: Sealed | None = None


@request(OWNER, FollowUpDone, changes=True)
class SendFollowUpLink(Request, frozen=True, kw_only=True):
    """Send the link of a request to the address that made it; `number` is as typed.

    Refused with `invalid_fields` (number: `missing`, `format`) and `too_many_requests`
    (retry_after; params: limit), never for a number that nothing has.
    """

    number: str
    network: str


@request(OWNER, PersonRequestView, changes=True)
class ReplyToDesk(Request, frozen=True, kw_only=True):
    """The person writes in their request, found as by `DescribeMyRequest`. `text` is sealed.

    Refused as `DescribeMyRequest`, with `invalid_fields` (text: `missing`, `too_long`,
    `forbidden_characters`), `request_closed`, or `too_many_requests` (retry_after).
    """

    text: Sealed
    number: str = ""
    account_id: str = ""
    link_token: Sealed | None = None


@request(OWNER, PersonRequestView, changes=True)
class CancelMyRequest(Request, frozen=True, kw_only=True):
    """The person cancels their request, found as by `DescribeMyRequest`.

    `by_sender`: the gateway vouches for the browser that sent the form with this number. Refused
    like `DescribeMyRequest`, with `request_closed`, or with `too_late`: the phone is unlinked, and
    the request is the way back.
    """

    number: str = ""
    account_id: str = ""
    link_token: Sealed | None = None
    by_sender: bool = False


@request(OWNER, PersonalDataView, changes=False)
class ExportRequests(Request, frozen=True, kw_only=True):
    """What support holds about the requests of an account (B-11): each with its thread."""

    account_id: str


# Of the desk: the agents' side. Roles are judged at each request; a refusal is `forbidden` for an
# act that the role does not do, `not_found` for what it may not know.


class RequestRow(Reply, frozen=True, kw_only=True):
    """A row of the queue; no text of the person. `late_days` counts working days after the promise.

    `linked` is how many other open requests of the same account and kind are closed with it;
    `stolen`: of a lost phone. `alone_at`: without an agent its password enrols another phone from
    then on, unless somebody stops it.
    """

    number: str
    kind: str
    about: str
    state: str
    channel: str
    received_at: datetime
    answer_by: str
    late_days: int
    agent_id: str = ""
    agent_name: str = ""
    account_id: str = ""
    linked: int = 0
    stolen: bool = False
    alone_at: datetime | None = None


class RequestQueueView(Reply, frozen=True, kw_only=True):
    """One page of the queue, how many rows it has, and how many of all open requests are late."""

    rows: tuple[RequestRow, ...]
    total: int
    open_count: int
    late_count: int
    page: int


class DeskEntry(Reply, frozen=True, kw_only=True):
    """One text of a thread or one change, for the desk. `action` is one of the states' actions;
    `author` is `person`, `agent` or `clock`. `text`, where there is one, is sealed for the desk."""

    action: str
    author: str
    at: datetime
    agent_name: str = ""
    text: Sealed | None = None
    reason: str = ""


class AgentPresence(Reply, frozen=True, kw_only=True):
    """Another agent has the request open since a moment."""

    name: str
    since: datetime


class RequestView(Reply, frozen=True, kw_only=True):
    """A request as an agent sees it.

    `details` is JSON, sealed for the desk: what was asked, field by field. `actions` are those that
    its state allows. `linked` are the numbers of open requests that close with it. `names` is the
    JSON of `BothNames`, sealed for the desk, for those who compare them; None where nobody has to.
    """

    row: RequestRow
    version: int
    details: Sealed
    language: str
    actions: tuple[str, ...]
    thread: tuple[DeskEntry, ...]
    here: tuple[AgentPresence, ...] = ()
    linked: tuple[str, ...] = ()
    promised_first: str = ""
    reply_until: str = ""
    planned_on: str = ""
    reason: str = ""
    names: Sealed | None = None


class RequestChanged(Reply, frozen=True, kw_only=True):
    """The act was done; `version` is the request's new one."""

    number: str
    version: int
    state: str


class ReadyAnswer(Reply, frozen=True, kw_only=True):
    """A ready-made answer in both languages; `{…}` is what an agent fills in."""

    name: str
    title_fr: str
    title_en: str
    text_fr: str
    text_en: str
    version: int


class ReadyAnswersView(Reply, frozen=True, kw_only=True):
    """The ready-made answers, by name."""

    answers: tuple[ReadyAnswer, ...]


@request(OWNER, RequestQueueView, changes=False)
class ListRequests(Request, frozen=True, kw_only=True):
    """The queue. `whose` is `mine`, `to_take` or `all`; `kind` and `state` are codes or empty, and
    an empty `state` means open ones. `sort` is `due` (late, promise, age), `received`, `kind`,
    `state` or `agent`, with a leading `-` the other way round. Pages of 25 count from 1."""

    agent_id: str
    whose: str = "all"
    kind: str = ""
    state: str = ""
    late: bool = False
    account_id: str = ""
    sort: str = "due"
    page: int = 1


@request(OWNER, RequestView, changes=False)
class DescribeRequest(Request, frozen=True, kw_only=True):
    """One request; the agent is seen there by the others. Refused with `not_found`."""

    agent_id: str
    number: str


@request(OWNER, RequestChanged, changes=True)
class OpenRequest(Request, frozen=True, kw_only=True):
    """An agent writes down what somebody asked by `channel`, `call` or `mail`.

    The person is the holder of `account_id`, or has left an `address`. Refused with
    `invalid_fields` (kind: `missing`; text, address: `missing`, `too_long`, `format`,
    `forbidden_characters`).
    """

    agent_id: str
    kind: str
    channel: str
    text: Sealed
    account_id: str = ""
    address: Sealed | None = None
    language: str = "fr"


@request(OWNER, RequestChanged, changes=True)
class TakeRequest(Request, frozen=True, kw_only=True):
    """The agent works on it from now on. Refused with `stale` (params: by, act, at; the version has
    changed) or `wrong_state`."""

    agent_id: str
    number: str
    version: int


@request(OWNER, RequestChanged, changes=True)
class ReleaseRequest(Request, frozen=True, kw_only=True):
    """The agent gives it back. Refused as `TakeRequest`, or with `not_yours`."""

    agent_id: str
    number: str
    version: int


@request(OWNER, RequestChanged, changes=True)
class AnswerRequest(Request, frozen=True, kw_only=True):
    """Write to the person; `asks` for a reply; `close` is a reason, or empty.

    Refused as `TakeRequest`, with `not_yours`, or with `invalid_fields` (text: `missing`,
    `too_long`, `forbidden_characters`, `foreign_link` (params: links), `placeholder` (params: left,
    what a ready-made answer leaves to fill in); close: `unknown`). The text may be empty where it
    is closed.
    """

    agent_id: str
    number: str
    version: int
    text: Sealed
    asks: bool = False
    close: str = ""


@request(OWNER, ReadyAnswersView, changes=False)
class ListReadyAnswers(Request, frozen=True, kw_only=True):
    """The ready-made answers."""

    agent_id: str


@request(OWNER, ReadyAnswer, changes=True)
class SaveReadyAnswer(Request, frozen=True, kw_only=True):
    """Change a ready-made answer. Refused with `stale`, `not_found`, or `invalid_fields` (as the
    text of `AnswerRequest`)."""

    agent_id: str
    name: str
    title_fr: str
    title_en: str
    text_fr: str
    text_en: str
    version: int
