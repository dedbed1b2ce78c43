"""Asking the server at the address of a setting: whatever fails is one line that names the setting.

Waiting is for what can pass: a server that starts, restarts or cannot be reached for now.
"""

import http
import socket
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from time import monotonic, sleep
from typing import TypeVar
from urllib.parse import urlsplit

import aiohttp
from aiormq.exceptions import (
    AMQPConnectionError,
    AuthenticationError,
    ConnectionNotAllowed,
    IncompatibleProtocolError,
    ProbableAuthenticationError,
)

from operations.printing import note
from operations.provision.broker_admin import BrokerRefused
from operations.provision.database_admin import DatabaseRefused
from shared.database.pool import CONNECTION_ERRORS
from shared.errors import ConfigurationError, DependencyDown, ImpexError, plain_reason
from shared.messaging.errors import RefusedByBroker
from shared.security.connection_urls import authorities_file, place_of

T = TypeVar("T")

#: Seconds between two tries while a server is not there yet.
PAUSE = 0.5
#: How a broker ends a connection that it will never accept.
BROKER_REFUSALS = (
    AuthenticationError,
    ConnectionNotAllowed,
    IncompatibleProtocolError,
    ProbableAuthenticationError,
)
#: What may be otherwise in a moment, besides what the system says about a way to the server.
TRANSIENT_ERRORS = (
    TimeoutError,
    ConnectionError,
    socket.gaierror,
    ssl.SSLEOFError,
    ssl.SSLZeroReturnError,
    *CONNECTION_ERRORS,
)


class ServerUnavailable(ImpexError):
    """A server does not answer for now."""


@contextmanager
def explained(setting: str, url: str) -> Iterator[None]:
    """Turn what fails at the address of `setting` into one line that names it, without its login.

    ServerUnavailable where waiting may help, ConfigurationError where the file of its authorities
    cannot be used, else ImpexError. Other errors pass.
    """
    try:
        yield
    except DependencyDown as down:
        _require_authorities(setting, url, down)
        cause = _cause(down)
        reason = down.reason if cause is None else plain_reason(cause)
        if cause is None or _can_pass(cause, url):
            sentence = f"{setting}: {place_of(url)} does not answer: {reason}"
            raise ServerUnavailable(sentence) from down
        who = "the broker refused" if isinstance(cause, BROKER_REFUSALS) else place_of(url)
        raise ImpexError(f"{setting}: {who}: {reason}") from down
    except BrokerRefused as refused:
        starts = refused.status >= http.HTTPStatus.INTERNAL_SERVER_ERROR
        raise (ServerUnavailable if starts else ImpexError)(f"{setting}: {refused}") from refused
    except (DatabaseRefused, RefusedByBroker) as refused:
        raise ImpexError(f"{setting}: {refused}") from refused
    except OSError as error:
        _require_authorities(setting, url, error)
        raise


def when_it_answers(setting: str, url: str, work: Callable[[], T], until: float = 0) -> T:
    """Do `work`, which may be repeated, as soon as its server answers; fails as `explained` says.

    A server that does not answer is waited for until that moment of the monotonic clock.
    """
    waits = False
    while True:
        try:
            with explained(setting, url):
                return work()
        except ServerUnavailable as away:
            left = until - monotonic()
            if left <= 0:
                raise
            if not waits:
                note(f"waiting for {away}")
            waits = True
            sleep(min(PAUSE, left))


def _cause(down: DependencyDown) -> BaseException | None:
    """What the system or the server said, without what aiormq and aiohttp put around it."""
    cause = down.__cause__
    if isinstance(cause, AMQPConnectionError) and isinstance(cause.__cause__, OSError):
        return cause.__cause__
    if isinstance(cause, aiohttp.ClientConnectorCertificateError):
        return cause.certificate_error
    return cause.os_error if isinstance(cause, aiohttp.ClientConnectorError) else cause


def _can_pass(error: BaseException, url: str) -> bool:
    if isinstance(error, BROKER_REFUSALS) or "rejected SSL" in str(error):
        return False
    if isinstance(error, FileNotFoundError):
        return not urlsplit(url).hostname  # the socket of a server on this machine
    # Without a class of its own: no route, or a name whose addresses fail differently.
    return isinstance(error, TRANSIENT_ERRORS) or type(error) is OSError


def _require_authorities(setting: str, url: str, failed: Exception) -> None:
    """ConfigurationError where the file that `url` names holds no certificates."""
    if file := authorities_file(url):
        try:
            ssl.create_default_context(cafile=file)
        except OSError as error:
            sentence = f"{file} cannot be used as the file of authorities: {plain_reason(error)}"
            raise ConfigurationError([(setting, sentence)]) from failed
