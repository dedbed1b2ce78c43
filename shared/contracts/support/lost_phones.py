"""Lost phones at the desk: calls with two words, the « code de reprise », what the person sees.

Removing the phone is an act (`remove_lost_phone`), proposed once the words of a call matched.
Without an agent, where that is offered, the old phone stays until another one is enrolled with the
password. A request is found by its number; the subject of an event is the account. Any request of
an agent is refused with `forbidden` for what the role does not do, or `not_found`.
"""

from datetime import datetime

import msgspec

from shared.contracts.base import Event, Reply, Request, Sealed, event, request
from shared.contracts.support.coded import CodedRequest
from shared.contracts.support.proposals import ProposalChecked

OWNER = "support"

#: Where a lost phone stands.
STATES = (
    "asked",
    "calling",
    "matched",
    "proposed",
    "planned",
    "waiting",
    "open",
    "stopped",
    "expired",
    "released",
    "code_told",
    "to_check",
    "done",
)
#: How a call ends.
OUTCOMES = ("matched", "told", "wrong_words", "no_answer", "not_requested", "doubt", "time_over")


# Events.


@event(OWNER)
class CallStarted(Event, frozen=True, kw_only=True):
    """An agent calls about a lost phone, on a number of the file or the published switchboard.

    `line` is `file` or `switchboard`; `purpose` is `check` or `code`.
    """

    number: str
    agent_id: str
    line: str
    purpose: str
    started_at: datetime


@event(OWNER)
class CallEnded(Event, frozen=True, kw_only=True):
    """A call ended. `failed`: nothing was verified. Its holder is told by mail, unless words
    matched, or `request_ends` with it: `LostPhoneStopped` tells more."""

    number: str
    agent_id: str
    purpose: str
    outcome: str
    failed: bool
    ended_at: datetime
    request_ends: bool = False


@event(OWNER)
class PhoneRemovalPlanned(Event, frozen=True, kw_only=True):
    """Two agents agreed: the phone is unlinked at `due_at` unless somebody objects.

    `link_token` (256 bits, base64url), sealed for the mailer, opens the page of the request, where
    the holder stops it.
    """

    number: str
    link_token: Sealed
    planned_at: datetime
    due_at: datetime


@event(OWNER)
class PhoneReplacementPlanned(Event, frozen=True, kw_only=True):
    """No agent is asked: from `due_at` on the password enrols another phone, unless stopped.

    Said at the start and, with `again`, in the middle. `link_token` as in `PhoneRemovalPlanned`.
    """

    number: str
    link_token: Sealed
    planned_at: datetime
    due_at: datetime
    again: bool = False


@event(OWNER)
class PhoneReplacementOpened(Event, frozen=True, kw_only=True):
    """Nobody objected since `asked_at`: until `open_until` the password enrols another phone, which
    replaces the lost one. `link_token` as in `PhoneRemovalPlanned`: it stops this too."""

    number: str
    link_token: Sealed
    asked_at: datetime
    opened_at: datetime
    open_until: datetime


@event(OWNER)
class LostPhoneStopped(Event, frozen=True, kw_only=True):
    """Nothing is removed. `by` is `calls` (two failed), `person`, `link`, `agent`, `sign_in`,
    `freeze` or `owner`.

    Of one that waited without an agent also `changed` (password or address), `closed` (the account
    is deactivated), `replaced` (the phone, by another way), `setting` (not offered any more) or
    `clock` (not used in time), and `agent_id` is that of the agent who stopped it. `block`: the
    person wants the account blocked too.
    """

    number: str
    by: str
    stopped_at: datetime
    block: bool = False
    agent_id: str = ""


@event(OWNER)
class LostPhoneReleased(Event, frozen=True, kw_only=True):
    """The delay is over and nobody objected: credentials and phone are removed. A call follows."""

    number: str
    released_at: datetime


@event(OWNER)
class ResumptionCodeTold(Event, frozen=True, kw_only=True):
    """A « code de reprise » was told in a call; the former one is void. Sealed for registration."""

    number: str
    agent_id: str
    code: Sealed
    told_at: datetime
    expires_at: datetime


@event(OWNER)
class ResumptionCodeVoided(Event, frozen=True, kw_only=True):
    """The code told at `told_at` is worth nothing any more: the access of the agent who told it
    ended. Another call tells another code. `agent_id` is who ended the access, or empty."""

    number: str
    agent_id: str
    told_at: datetime
    voided_at: datetime


@event(OWNER)
class OtherNamesAccepted(Event, frozen=True, kw_only=True):
    """Two agents agreed that the person who gave other names is the account's holder."""

    proposal_id: str
    reason: str
    ordered_at: datetime


# Of the desk.


class CallLine(msgspec.Struct, frozen=True, kw_only=True):
    """A telephone number of the file, as the desk opens it.

    `why_not` is empty where it may be called: `too_new` (less than 30 days on file), `stolen` (the
    stolen mobile itself) or `none`.
    """

    number: str = ""
    extension: str = ""
    company_name: str = ""
    city: str = ""
    since: datetime | None = None
    why_not: str = ""


class BothNames(msgspec.Struct, frozen=True, kw_only=True):
    """The names of an account, and those that were given with its « code de reprise »."""

    first_name: str
    last_name: str
    given_first_name: str
    given_last_name: str


class CallView(Reply, frozen=True, kw_only=True):
    """A lost phone as the agent who calls sees it.

    `state` is one of `STATES`. `line` is the number of the file: JSON of `CallLine`, sealed for the
    desk; None where its owner does not answer. Of a call that is going on: `call_id`, `word`, the
    agent's own as JSON of `fr` and `en`, sealed for the desk, `until`, `tries_left`, `matched`. The
    person's word is in no reply to the desk. `calls_left` counts today's calls, `failures_left`
    those that may fail before the request ends. `first_line` is what the first call went to, `file`
    or `switchboard`, and so does the second; empty before. `may_call` is empty where a call may
    start now, else why not: `state`, `not_yours`, `going_on`, `codes`, `failures`, `calls_today`,
    `sensitive`.
    """

    number: str
    state: str
    purpose: str
    stolen: bool
    calls_left: int
    failures_left: int
    codes_left: int
    may_call: str = ""
    first_line: str = ""
    line: Sealed | None = None
    call_id: str = ""
    word: Sealed | None = None
    until: datetime | None = None
    tries_left: int = 0
    matched: bool = False
    proposal_id: str = ""
    due_at: datetime | None = None
    code_until: datetime | None = None


@request(OWNER, CallView, changes=False)
class DescribeCall(Request, frozen=True, kw_only=True):
    """The page of a call, for whoever reads requests."""

    agent_id: str
    number: str


@request(OWNER, CallView, changes=True)
class StartCall(Request, frozen=True, kw_only=True):
    """Draw the two words: the agent has dialled `line`, `file` or `switchboard`.

    `telephone` is the published number, sealed for support, and `found_at` where it is published.
    Refused with `call_refused` (params: why; as `may_call`, or `too_new`, `stolen`, `none`,
    `corrected`: the desk corrected the establishment lately, `other_line`: the first call was to
    another number, or to one found otherwise), `unavailable` or `invalid_fields` (line, telephone,
    found_at: `missing`, `format`, `too_long`, `forbidden_characters`; dialled: `missing`).
    """

    agent_id: str
    number: str
    line: str
    dialled: bool
    telephone: Sealed | None = None
    found_at: str = ""


@request(OWNER, CallView, changes=True)
class CheckCallWord(Request, frozen=True, kw_only=True):
    """The word that the person said, sealed for support. Refused with `wrong_word` (params:
    tries_left), `call_over` (params: outcome), or `invalid_fields` (word: `missing`)."""

    agent_id: str
    number: str
    call_id: str
    word: Sealed


@request(OWNER, CallView, changes=True)
class EndCall(Request, frozen=True, kw_only=True):
    """End a call without a result: `no_answer`, `not_requested` or `doubt`; the last two stop the
    request. Refused with `call_over` (params: outcome) or `unknown_choice` (params: field)."""

    agent_id: str
    number: str
    call_id: str
    outcome: str


@request(OWNER, ProposalChecked, changes=True, reply_seconds=300)
class CheckLostPhoneAct(Request, frozen=True, kw_only=True):
    """Check reason and note of `ProposePhoneRemoval` or `ProposeOtherNames` before the code of the
    second factor, which is valid once, is used up. `act` is `remove_lost_phone` or
    `accept_other_names`. Refused as `Propose`."""

    agent_id: str
    act: str
    number: str
    reason: str
    note: Sealed | None = None


@request(OWNER, CallView, changes=True)
class ProposePhoneRemoval(CodedRequest, frozen=True, kw_only=True):
    """Propose to remove the phone, in the call whose words matched.

    Refused as `Propose`, or with `call_over` (params: outcome; empty where words did not match) or
    `call_refused` (params: why: `sensitive`).
    """

    number: str
    call_id: str
    reason: str
    note: Sealed | None = None


class ResumptionCodeView(Reply, frozen=True, kw_only=True):
    """The code, sealed for the desk: shown once, and in no other reply."""

    number: str
    code: Sealed
    expires_at: datetime


@request(OWNER, ResumptionCodeView, changes=True, reply_seconds=60)
class TellResumptionCode(CodedRequest, frozen=True, kw_only=True):
    """Make the « code de reprise » in the second call, once its words matched.

    Refused with `code_needed`, `call_over` (params: outcome), or `call_refused` (params: why:
    `codes`).
    """

    number: str
    call_id: str


@request(OWNER, CallView, changes=True)
class ProposeOtherNames(CodedRequest, frozen=True, kw_only=True):
    """Propose to accept the names that were given with a right code. Refused as `Propose`, or with
    `call_refused` (params: why: `state`)."""

    number: str
    reason: str
    note: Sealed | None = None


class LostPhoneFollowUp(Reply, frozen=True, kw_only=True):
    """Where a lost phone stands, for the person.

    During a call `words` is JSON of `agent` and `person`, each with `fr` and `en`, sealed for the
    gateway. `due_at` is when the phone is unlinked, or another one may be enrolled without an agent
    (until `open_until`), `code_until` how long a code that was told is good.
    """

    number: str
    state: str
    words: Sealed | None = None
    until: datetime | None = None
    due_at: datetime | None = None
    code_until: datetime | None = None
    open_until: datetime | None = None


@request(OWNER, LostPhoneFollowUp, changes=True)
class StopPhoneReplacement(Request, frozen=True, kw_only=True):
    """An agent stops a lost phone that waits without an agent. Refused with `forbidden`,
    `not_found` or `wrong_state` (params: state)."""

    agent_id: str
    number: str


# Of the portal: the person's side, found as by `DescribeMyRequest`.


@request(OWNER, LostPhoneFollowUp, changes=False)
class DescribeLostPhoneCase(Request, frozen=True, kw_only=True):
    """Where a lost phone stands: of the signed-in holder by its number, or by a mailed link.
    Refused with `not_found`, or `link_malformed`, `link_expired`."""

    number: str = ""
    account_id: str = ""
    link_token: Sealed | None = None


@request(OWNER, LostPhoneFollowUp, changes=True)
class StopLostPhone(Request, frozen=True, kw_only=True):
    """The person stops everything; with `block` the account is blocked too.

    Refused as `DescribeLostPhoneCase`, or with `too_late`: nothing waits any more.
    """

    number: str = ""
    account_id: str = ""
    link_token: Sealed | None = None
    block: bool = False
