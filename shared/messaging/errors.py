"""What can go wrong between a service and the broker, or between an asker and an owner."""

from shared.errors import ImpexError

#: Start of the reason if the publisher does not own the type: such a message is never replayed,
#: because replayed messages are trusted. Stored in dead letters, so the text must not change.
WRONG_PUBLISHER = "not said by "


class Undecodable(ImpexError):
    """The message is not one of ours: not JSON, too large, unknown type, wrong fields.

    `code` is the reason for programs, as in `Reject`.
    """

    def __init__(self, reason: str, code: str = "unreadable") -> None:
        super().__init__(reason)
        self.reason = reason
        self.code = code


class RefusedByBroker(ImpexError):
    """The broker refused what was asked of it, such as a right or a queue that is not there."""


class PublishNotConfirmed(ImpexError):
    """The broker refused a message or did not confirm it in time; it may have been published."""


class Unroutable(PublishNotConfirmed):
    """The broker returned a message because no queue takes it."""


class _Unanswered(ImpexError):
    """`name` is what is away: `broker`, or the service that was asked; empty where unknown."""

    def __init__(self, message: str | None = None, name: str = "") -> None:
        super().__init__(message)
        self.name = name


class ServiceUnavailable(_Unanswered):
    """The request did not reach anybody who answers it; ask again later with the same key."""


class RequestTimeout(_Unanswered):
    """No answer in time; the request may have been carried out. Ask again with the same key."""
