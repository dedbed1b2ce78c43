"""The page of operators: support decides who may see and do what, asks the owners, and orders.

Any request is refused with `forbidden` (one's role). Where the owner does not answer, what it would
have said is None.
"""

from datetime import datetime

from shared.contracts.base import Event, Reply, Request, Sealed, event, request
from shared.contracts.mailer_operations import OperatorMailsView, OperatorMailView
from shared.contracts.operations import LettersView, LetterView, QueuesView, TrialView
from shared.contracts.support.acts import OWNER
from shared.contracts.support.coded import CodedRequest


class OperatorQueuesView(Reply, frozen=True, kw_only=True):
    """What waits, moves or is dead."""

    queues: QueuesView | None = None


@request(OWNER, OperatorQueuesView, changes=False)
class ListQueues(Request, frozen=True, kw_only=True):
    """What waits, moves or is dead."""

    agent_id: str


class OperatorLettersView(Reply, frozen=True, kw_only=True):
    """The letters of a place by fault. `names`: of the agents of its acts, by their ids."""

    letters: LettersView | None = None
    names: dict[str, str]


@request(OWNER, OperatorLettersView, changes=False)
class ListDeadLetters(Request, frozen=True, kw_only=True):
    """The letters of a place: `dead`, `retry`, `unrouted` or `discarded`."""

    agent_id: str
    place: str


class OperatorLetterView(Reply, frozen=True, kw_only=True):
    """One letter. `names`: of the agents whom it names, by their ids."""

    letter: LetterView | None = None
    names: dict[str, str]


@request(OWNER, OperatorLetterView, changes=False)
class ShowDeadLetter(Request, frozen=True, kw_only=True):
    """The oldest letter of a fault, or the one with this code. Refused with `gone`: it was
    replayed or discarded, or never there, or `busy`."""

    agent_id: str
    place: str
    service: str
    fault: str
    letter: str = ""


class OperatorTrialView(Reply, frozen=True, kw_only=True):
    """What would become of a letter."""

    trial: TrialView | None = None


@request(OWNER, OperatorTrialView, changes=False)
class TryDeadLetter(Request, frozen=True, kw_only=True):
    """Have its service handle a letter and undo everything. Refused with `gone` or `busy`."""

    agent_id: str
    service: str
    letter: str


class LetterActView(Reply, frozen=True, kw_only=True):
    """The act was ordered; operations carries it out."""

    act_id: str


@request(OWNER, LetterActView, changes=True)
class OrderLetterAct(CodedRequest, frozen=True, kw_only=True):
    """Have letters sent again (`replay`) or discarded (`discard`): the one with a code, or with ""
    all of a fault, which needs a fresh code of the second factor.

    Refused with `gone` where no such letter is there any more, `busy`, `forged` (a replay of what
    the owner of its type did not publish), `unavailable` where operations does not answer,
    `reason_needed`, `reason_too_long` or `code_needed`.
    """

    act: str
    service: str
    fault: str
    letter: str
    reason: str


class LetterOrder(Event, frozen=True, kw_only=True):
    """What an operator ordered: of the `letter` with this code, or of all of a fault. `which` says
    it in words, `count` is how many were there."""

    act_id: str
    agent_id: str
    service: str
    letter: str
    fault: str
    which: str
    count: int
    reason: str


@event(OWNER)
class DeadLettersReplayOrdered(LetterOrder, frozen=True, kw_only=True):
    """An operator ordered on the desk's page that dead letters are sent to their service again."""


@event(OWNER)
class DeadLettersDiscardOrdered(LetterOrder, frozen=True, kw_only=True):
    """An operator ordered on the desk's page that dead letters are discarded."""


class DeskMailsView(Reply, frozen=True, kw_only=True):
    """Mails that were not accepted."""

    mails: OperatorMailsView | None = None


@request(OWNER, DeskMailsView, changes=False)
class ListMails(Request, frozen=True, kw_only=True):
    """Mails that were not accepted: of one state (empty: of all), to one address, written since
    then."""

    agent_id: str
    state: str
    to: Sealed | None = None
    since: datetime | None = None


class DeskMailView(Reply, frozen=True, kw_only=True):
    """One mail with its attempts."""

    mail: OperatorMailView | None = None


@request(OWNER, DeskMailView, changes=False)
class ShowMail(Request, frozen=True, kw_only=True):
    """One mail with its attempts. Refused with `gone`."""

    agent_id: str
    mail_id: str


class MailOrderView(Reply, frozen=True, kw_only=True):
    """It was ordered; the mailer carries it out."""


@request(OWNER, MailOrderView, changes=True)
class OrderMailSend(CodedRequest, frozen=True, kw_only=True):
    """Send one mail again, or, without one, all that were refused since a moment, which needs a
    fresh code of the second factor.

    Refused with `mail_gone`, `mail_not_sendable` (accepted, given up, under way, or its code or
    link is deleted), `unavailable` where the mailer does not answer, or `code_needed`.
    """

    mail_id: str
    refused_since: datetime | None = None


@event(OWNER)
class MailSendOrdered(Event, frozen=True, kw_only=True):
    """An operator ordered on the desk's page that a mail is sent again, or all that were refused
    since a moment."""

    agent_id: str
    mail_id: str
    refused_since: datetime | None


@request(OWNER, MailOrderView, changes=True)
class OrderMailDrop(Request, frozen=True, kw_only=True):
    """Give one mail up for good.

    Refused with `mail_gone`, `mail_not_droppable` (neither deferred nor held), `unavailable` where
    the mailer does not answer, `reason_needed` or `reason_too_long`.
    """

    agent_id: str
    mail_id: str
    reason: str


@event(OWNER)
class MailDropOrdered(Event, frozen=True, kw_only=True):
    """An operator ordered on the desk's page that a deferred or held mail is given up."""

    agent_id: str
    mail_id: str
    reason: str
