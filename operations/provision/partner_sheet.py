"""What a partner must know to connect: one list for people, the same as a document for programs."""

from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, urlsplit, urlunsplit

from operations.printing import say
from operations.provision.database_admin import with_url_parts
from operations.provision.partners import Partner
from shared.messaging import topology
from shared.messaging.envelope import CONTENT_TYPE, MAX_BODY_BYTES
from shared.security.connection_urls import is_loopback


@dataclass(frozen=True)
class Sheet:
    """How `partner` connects to the broker of the administrator's `amqp_url`."""

    partner: Partner
    amqp_url: str
    vhost: str
    password: str

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
        document: dict[str, Any] = {
            "partner": name,
            "url": self.url,
            "tls": self.tls,
            "user": name,
            "password": self.password,
            "virtual_host": self.vhost,
            "hears": [one.TYPE for one in hears],
            "emits": [one.TYPE for one in emits],
        }
        if hears:
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
        place = urlsplit(self.url)
        self._rows(
            ("address", f"{place.scheme}://{place.netloc.rpartition('@')[2]}{place.path}"),
            ("", self._about_tls()),
            ("user", name),
            ("password", f"{self.password}   (shown once: impex partner rotate {name})"),
            ("virtual host", self.vhost),
        )
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
        if self.partner.hears:
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
