"""Base classes of our exceptions. The docstring of each is its default message.

Two of them steer a handler: `Retry` (try this message again later) and `Reject` (never again).
`DependencyDown` means that no work can succeed for now, so the consumer pauses. Any other exception
of a handler is a bug and follows the retry policy.
"""

import errno
import os
import ssl


def plain_reason(error: BaseException) -> str:
    """Why something failed, in the system's words where it has some; one line.

    >>> plain_reason(OSError(111, "Connect call failed ('127.0.0.1', 5672)"))
    'Connection refused'
    >>> plain_reason(OSError(30, "Read-only file system", "/app/labo.toml"))
    '/app/labo.toml: Read-only file system'
    >>> plain_reason(ConnectionError(320, "CONNECTION_FORCED - the node stops"))
    'CONNECTION_FORCED - the node stops'
    >>> plain_reason(ssl.SSLCertVerificationError(1, "certificate verify failed"))
    'certificate verify failed'
    >>> plain_reason(TimeoutError())
    'no answer in time'
    """
    text = str(error)
    # The numbers of OpenSSL are not the system's.
    own = isinstance(error, ssl.SSLError)
    if isinstance(error, OSError) and isinstance(error.errno, int) and not own:
        # Names that cannot be resolved, and RabbitMQ, have numbers of their own.
        known = error.errno in errno.errorcode
        text = os.strerror(error.errno) if known else str(error.strerror)
        if error.filename:
            text = f"{error.filename}: {text}"
    if text:
        return text.splitlines()[0]
    return "no answer in time" if isinstance(error, TimeoutError) else type(error).__name__


class ImpexError(Exception):
    """Something went wrong."""

    def __init__(self, message: str | None = None) -> None:
        super().__init__(message or " ".join((type(self).__doc__ or "").split()))


class Retry(ImpexError):
    """The message could not be handled yet; handle it again later.

    `after` is the shortest wait in seconds; None leaves it to the policy.
    """

    def __init__(self, reason: str, after: float | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.after = after


class Reject(ImpexError):
    """The message can never be handled; it goes to the dead letters with the reason.

    `code` is the reason for programs, where its publisher is notified.
    """

    def __init__(self, reason: str, code: str = "invalid") -> None:
        super().__init__(reason)
        self.reason = reason
        self.code = code


class DependencyDown(ImpexError):
    """A server that all the work needs does not answer; stop taking work until it does."""

    def __init__(self, name: str, reason: str) -> None:
        super().__init__(f"{name} is unavailable: {reason}")
        self.name = name
        self.reason = reason


class ConfigurationError(ImpexError):
    """The settings are wrong; nothing was started.

    `problems` holds (name of the setting, sentence) for each mistake found.
    """

    def __init__(self, problems: list[tuple[str, str]]) -> None:
        super().__init__("\n".join(f"{name}: {sentence}" for name, sentence in problems))
        self.problems = problems


class DecryptionError(ImpexError):
    """A sealed secret could not be opened: not for us, other field, unknown key, or altered."""


class SchemaMismatch(ImpexError):
    """The database schema is not the one that this version of the program needs."""
