"""RabbitMQ's management API: virtual hosts, users and their rights, queues and their depth.

Synchronous and small, because operators' commands and tests use it, never a service. Every call is
idempotent. An answer other than 2xx raises `BrokerRefused`.
"""

import base64
import hashlib
import http
import http.client
import json
import os
import ssl
from typing import Any
from urllib.parse import parse_qsl, quote, unquote, urlsplit

from shared.errors import DependencyDown, ImpexError, plain_reason
from shared.messaging.connection import BROKER


class BrokerRefused(ImpexError):
    """The management API answered with an error, or with what is no HTTP or no JSON (`status`
    0)."""

    def __init__(self, sentence: str, status: int = 0) -> None:
        super().__init__(sentence)
        self.status = status


def password_hash(password: str) -> str:
    """The form in which RabbitMQ's definitions hold a password (salted SHA-256)."""
    salt = os.urandom(4)
    digest = hashlib.sha256(salt + password.encode()).digest()
    return base64.b64encode(salt + digest).decode()


class BrokerAdmin:
    """One administrator's connection to the management API, open between calls."""

    def __init__(self, management_url: str, timeout: float = 30) -> None:
        """`management_url` is http(s)://user:password@host:port, with ?cafile= for an authority of
        one's own; `timeout` in seconds.
        """
        parts = urlsplit(management_url)
        host = parts.hostname or "127.0.0.1"
        self._connection = http.client.HTTPConnection(host, parts.port, timeout=timeout)
        if parts.scheme == "https":
            file = dict(parse_qsl(parts.query)).get("cafile")
            context = ssl.create_default_context(cafile=file)
            self._connection = http.client.HTTPSConnection(
                host, parts.port, timeout=timeout, context=context
            )
        login = f"{unquote(parts.username or 'guest')}:{unquote(parts.password or 'guest')}"
        self._headers = {
            "Authorization": "Basic " + base64.b64encode(login.encode()).decode(),
            "Content-Type": "application/json",
        }

    def call(self, method: str, path: str, body: object = None) -> Any:
        """One call; `path` begins after /api/. Returns the JSON answer, or None. DependencyDown
        where the broker does not answer."""
        data = None if body is None else json.dumps(body)
        reused = self._connection.sock is not None
        try:
            self._connection.request(method, f"/api/{path}", data, self._headers)
            answer = self._connection.getresponse()
            text = answer.read()
        except (OSError, http.client.HTTPException) as error:
            self._connection.close()
            if reused and isinstance(error, ConnectionError):
                return self.call(method, path, body)  # the broker had closed the idle connection
            if isinstance(error, OSError):
                place = f"{self._connection.host}:{self._connection.port}"
                raise DependencyDown(BROKER, f"{place}: {plain_reason(error)}") from error
            raise BrokerRefused(f"{method} {path}: no answer in HTTP ({error!r})") from error
        if answer.status >= 300:
            reason = text[:300].decode(errors="replace")
            sentence = f"{method} {path}: {answer.status} {reason}"
            raise BrokerRefused(sentence, answer.status)
        try:
            return json.loads(text) if text else None
        except ValueError as error:
            raise BrokerRefused(f"{method} {path}: the answer is no JSON") from error

    def import_definitions(self, definitions: dict[str, Any]) -> None:
        """Make everything that a definitions document names, in one call."""
        self.call("POST", "definitions", definitions)

    def exchange_kind(self, vhost: str, name: str) -> str | None:
        """The type of an exchange; None where there is none of that name."""
        listed = self._listed(f"exchanges/{quote(vhost, safe='')}")
        return next((str(one["type"]) for one in listed if one["name"] == name), None)

    def _listed(self, path: str) -> list[dict[str, Any]]:
        """A list of what a virtual host has; empty where there is no such host yet."""
        try:
            return list(self.call("GET", path))
        except BrokerRefused as error:
            if error.status != http.HTTPStatus.NOT_FOUND:
                raise
            return []

    def policies(self, vhost: str) -> dict[str, dict[str, Any]]:
        """The definitions of the policies of a virtual host; none where there is no such host."""
        listed = self._listed(f"policies/{quote(vhost, safe='')}")
        return {str(one["name"]): dict(one["definition"]) for one in listed}

    def queue(self, vhost: str, name: str) -> dict[str, Any]:
        """One queue with its statistics and the policy that is in force."""
        found: dict[str, Any] = self.call(
            "GET", f"queues/{quote(vhost, safe='')}/{quote(name, safe='')}"
        )
        return found

    def bindings(self, vhost: str) -> list[dict[str, Any]]:
        """Every binding of a virtual host: source, destination, routing_key, properties_key."""
        return self._listed(f"bindings/{quote(vhost, safe='')}")

    def unbind(self, vhost: str, one: dict[str, Any]) -> None:
        """Delete a binding of a queue, as `bindings` lists it; what the queue holds stays."""
        ends = f"e/{quote(one['source'], safe='')}/q/{quote(one['destination'], safe='')}"
        key = quote(one["properties_key"], safe="")
        self.call("DELETE", f"bindings/{quote(vhost, safe='')}/{ends}/{key}")

    def unbind_queue(self, vhost: str, exchange: str, queue: str) -> None:
        """Delete every binding of `queue` to `exchange`, if there is one; its messages stay."""
        for one in self.bindings(vhost):
            if (one["source"], one["destination"]) == (exchange, queue):
                self.unbind(vhost, one)

    def users(self) -> dict[str, dict[str, Any]]:
        """Every user of the broker by name, with its tags and the hash of its password."""
        return {str(one["name"]): dict(one) for one in self.call("GET", "users")}

    def delete(self, path: str) -> bool:
        """Delete one thing; False where it was not there."""
        try:
            self.call("DELETE", path)
        except BrokerRefused as error:
            if error.status != http.HTTPStatus.NOT_FOUND:
                raise
            return False
        return True

    def delete_exchange(self, vhost: str, name: str) -> None:
        """Delete an exchange with its bindings; queues keep their messages."""
        self.call("DELETE", f"exchanges/{quote(vhost, safe='')}/{quote(name, safe='')}")

    def queues(self, vhost: str) -> list[dict[str, Any]]:
        """Every queue with its totals: name, messages, messages_ready, messages_unacknowledged."""
        path = f"queues/{quote(vhost, safe='')}?disable_stats=true&enable_queue_totals=true"
        return list(self.call("GET", path))

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()
