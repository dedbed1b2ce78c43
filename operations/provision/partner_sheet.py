"""What a partner must know to connect: one list for people, the same as a document for programs."""

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, urlsplit, urlunsplit

from operations.printing import say
from operations.provision.database_admin import with_url_parts
from operations.provision.partners import Partner
from services.push.signatures import TAG
from shared.messaging import topology
from shared.messaging.envelope import CONTENT_TYPE, MAX_BODY_BYTES
from shared.security.connection_urls import is_loopback


def key_rows(keys: Sequence[tuple[str, bytes]]) -> list[dict[str, str]]:
    """Public keys for programs."""
    return [
        {"keyid": key_id, "alg": "ed25519", "public_key": base64.b64encode(key).decode()}
        for key_id, key in keys
    ]


def _key_line(one: tuple[str, bytes]) -> str:
    (row,) = key_rows([one])
    return f"keyid {row['keyid']}: {row['public_key']}"


@dataclass(frozen=True)
class Sheet:
    """How `partner` connects to the broker of the administrator's `amqp_url`."""

    partner: Partner
    amqp_url: str
    vhost: str
    password: str
    keys: Sequence[tuple[str, bytes]] = ()

    @property
    def url(self) -> str:
        """The address with the partner's login; the authority is a file of the partner's own."""
        own = with_url_parts(self.amqp_url, user=self.partner.name, password=self.password)
        return urlunsplit(urlsplit(own)._replace(query=""))

    @property
    def tls(self) -> bool:
        """Whether the connection is by TLS."""
        return urlsplit(self.amqp_url).scheme == "amqps"

    def document(self) -> dict[str, Any]:
        """Everything by name, as JSON values."""
        name, hears, emits = self.partner.name, self.partner.hears, self.partner.emits
        document: dict[str, Any] = {"partner": name}
        if self.partner.logs_in:
            document |= {
                "url": self.url,
                "tls": self.tls,
                "user": name,
                "password": self.password,
                "virtual_host": self.vhost,
            }
        document |= {
            "hears": [one.TYPE for one in hears],
            "emits": [one.TYPE for one in emits],
        }
        if self.partner.push:
            document |= {"push": self.partner.push, "tag": TAG, "keys": key_rows(self.keys)}
        elif hears:
            document |= {
                "queue": topology.partner_queue(name),
                "retry_exchange": topology.retry_exchange(name),
                "retry_keys": list(topology.RETRY_DELAYS),
                "dead_letters": topology.dead_queue(name),
            }
        if emits:
            document |= {"exchange": topology.EVENTS, "source": f"impex/{name}"}
        return document

    def show(self) -> None:
        """Print it."""
        name = self.partner.name
        if self.partner.logs_in:
            self._show_login()
        if self.partner.emits:
            say("\n  Publish")
            self._rows(
                ("exchange", f"{topology.EVENTS}, with publisher confirms"),
                *self._types("routing key", self.partner.emits),
                ("properties", f"user_id {name}, message_id the id of the envelope, type the"),
                ("", f"routing key, delivery_mode 2, content_type {CONTENT_TYPE}"),
                ("body", "CloudEvents 1.0 in JSON: specversion 1.0, id (a new UUID), source"),
                ("", f"impex/{name}, type, subject (an account's id), time, data; at most"),
                ("", f"{MAX_BODY_BYTES} bytes. A refused publication is a closed channel (403)"),
            )
        if self.partner.push:
            self._show_push()
        elif self.partner.hears:
            say("\n  Hear")
            steps = ", ".join(topology.RETRY_DELAYS)
            self._rows(
                ("queue", f"{topology.partner_queue(name)}; declare and bind nothing"),
                *self._types("types", self.partner.hears),
                ("sender", "user_id is the service that owns the type;"),
                ("", f"{' or '.join(topology.OPERATORS)} for a replay, {name} for a retry"),
                ("", "of its own. Refuse any other"),
                ("done", "acknowledge once it is stored; it may come twice, with the same id"),
                ("not yet", f"publish a copy to {topology.retry_exchange(name)} with the key"),
                ("", f"{steps}, then acknowledge: it comes again"),
                ("never", f"reject without requeue: it goes to {topology.dead_queue(name)}, where"),
                ("", f"impex dead list {name} shows it and impex dead replay sends it again"),
            )
        say("\n  No field of these types is sealed. docs/partners.md explains each line.")

    def _show_login(self) -> None:
        name, place = self.partner.name, urlsplit(self.url)
        self._rows(
            ("address", f"{place.scheme}://{place.netloc.rpartition('@')[2]}{place.path}"),
            ("", self._about_tls()),
            ("user", name),
            ("password", f"{self.password}   (shown once: impex partner rotate {name})"),
            ("virtual host", self.vhost),
        )

    def _show_push(self) -> None:
        say("\n  Receive" if self.partner.logs_in else "  Receive")
        self._rows(
            ("POST to", self.partner.push),
            *self._types("types", self.partner.hears),
            ("body", f"CloudEvents 1.0 in JSON ({CONTENT_TYPE})"),
            ("signature", f"RFC 9421, Ed25519, tag {TAG}: refuse what bears none that is valid"),
            *((("key" if not at else ""), _key_line(one)) for at, one in enumerate(self.keys)),
            (
                "done",
                "answer 2xx within ten seconds, once it is stored; it may come twice, with the",
            ),
            ("", "same id"),
            ("not yet", "answer 503, with Retry-After if known: it comes again, for three days"),
        )
        if not self.keys:
            say("    impex partner keys prints the public key, once the service push has started")

    def _about_tls(self) -> str:
        parts = urlsplit(self.amqp_url)
        if self.tls:
            authority = dict(parse_qsl(parts.query)).get("cafile")
            named = f"; certificate authority: {authority}" if authority else ""
            return f"TLS; verify the certificate{named}"
        if is_loopback(parts.hostname or ""):
            return "without TLS, from this machine only"
        return "without TLS: only on a network that nobody else reads"

    @staticmethod
    def _types(title: str, types: Any) -> list[tuple[str, str]]:
        return [("" if at else title, one.TYPE) for at, one in enumerate(types)]

    @staticmethod
    def _rows(*rows: tuple[str, str]) -> None:
        for title, text in rows:
            say(f"    {title:<13} {text}")
