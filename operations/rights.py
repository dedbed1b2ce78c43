"""Who may do what on the broker and in the database: one user and one role per service.

Everything follows from what a service says of itself (what it hears, says, asks and answers);
nobody keeps a second list. The documents made here are what `make up`, `deploy/` and the tests
install.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from operations.broker_admin import password_hash

EVENTS = "impex.events"
UNROUTED = "impex.unrouted"
REQUESTS = "impex.requests"
DEAD = "impex.dead"
UNROUTED_LIMIT = 100_000
OPERATOR = "operator"


@dataclass(frozen=True)
class Party:
    """One service as the broker and the database see it."""

    name: str
    hears: tuple[str, ...] = ()
    asks: bool = False
    answers: bool = False

    @property
    def role(self) -> str:
        """Its role in the database."""
        return f"impex_{self.name}"

    @property
    def own(self) -> str:
        """The pattern of everything on the broker that is its own."""
        return rf"{re.escape(self.name)}(\..+)?"

    def permission(self) -> dict[str, str]:
        """What it may declare, write to and read from, as RabbitMQ's patterns."""
        write = [re.escape(EVENTS), re.escape(DEAD), self.own]
        if self.asks:
            write.append(re.escape(REQUESTS))
        if self.answers:
            # Answers travel over direct reply-to, which is the default exchange.
            write.append(r"amq\.default")
        read = [re.escape(EVENTS), re.escape(REQUESTS), re.escape(DEAD), self.own]
        return {
            "configure": f"^{self.own}$",
            "write": f"^({'|'.join(write)})$",
            "read": f"^({'|'.join(read)})$",
        }

    def topic_permission(self) -> dict[str, str]:
        """Which events it may say, and which it may bind its queue to."""
        heard = "|".join(re.escape(event) for event in sorted(self.hears))
        return {
            "exchange": EVENTS,
            "write": rf"^{re.escape(self.name)}\.",
            "read": f"^({heard})$" if heard else "^$",
        }


def shared_topology(vhost: str) -> dict[str, Any]:
    """The exchanges that belong to no service, and the queue of what nobody hears."""
    kinds = {EVENTS: "topic", UNROUTED: "fanout", REQUESTS: "direct", DEAD: "direct"}
    exchanges = [
        {
            "name": name,
            "vhost": vhost,
            "type": kind,
            "durable": True,
            "auto_delete": False,
            "internal": False,
            "arguments": {"alternate-exchange": UNROUTED} if name == EVENTS else {},
        }
        for name, kind in kinds.items()
    ]
    queue = {
        "name": UNROUTED,
        "vhost": vhost,
        "durable": True,
        "auto_delete": False,
        "arguments": {"x-queue-type": "quorum", "x-max-length": UNROUTED_LIMIT},
    }
    binding = {
        "source": UNROUTED,
        "vhost": vhost,
        "destination": UNROUTED,
        "destination_type": "queue",
        "routing_key": "",
        "arguments": {},
    }
    return {"exchanges": exchanges, "queues": [queue], "bindings": [binding]}


def users(parties: Iterable[Party], passwords: Mapping[str, str]) -> list[dict[str, Any]]:
    """One broker user per service, without any tag."""
    return [
        {
            "name": party.name,
            "password_hash": password_hash(passwords[party.name]),
            "hashing_algorithm": "rabbit_password_hashing_sha256",
            "tags": [],
        }
        for party in parties
    ]


def definitions(
    vhost: str, parties: Iterable[Party], passwords: Mapping[str, str], administrator: str
) -> dict[str, Any]:
    """The definitions document of one virtual host: shared topology, users, and their rights.

    `passwords` may lack services whose users exist already; their rights are set all the same.
    """
    parties = tuple(parties)
    everything = {"configure": ".*", "write": ".*", "read": ".*"}
    return {
        "vhosts": [{"name": vhost}],
        "users": users((p for p in parties if p.name in passwords), passwords),
        "permissions": [
            {"user": administrator, "vhost": vhost, **everything},
            *({"user": p.name, "vhost": vhost, **p.permission()} for p in parties),
        ],
        "topic_permissions": [
            {"user": p.name, "vhost": vhost, **p.topic_permission()} for p in parties
        ],
        **shared_topology(vhost),
    }


def roles_sql(parties: Iterable[Party], passwords: Mapping[str, str] | None = None) -> list[str]:
    """Statements that make the roles of one database server, or give them their new password."""
    names = ["impex_owner", *(party.role for party in parties)]
    statements = []
    for name in names:
        password = (passwords or {}).get(name)
        secret = f" PASSWORD '{password}'" if password is not None else ""
        statements.append(
            f"DO $$ BEGIN CREATE ROLE {name}; EXCEPTION WHEN duplicate_object THEN NULL; END $$"
        )
        statements.append(
            f"ALTER ROLE {name} LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOINHERIT{secret}"
        )
    return statements


def database_sql(database: str, parties: Iterable[Party]) -> list[str]:
    """Statements run inside one database: a schema per service, owned by the owner's role alone."""
    parties = tuple(parties)
    roles = ", ".join(["impex_owner", *(party.role for party in parties)])
    statements = [
        f'REVOKE ALL ON DATABASE "{database}" FROM PUBLIC',
        f'GRANT CONNECT ON DATABASE "{database}" TO {roles}',
        "REVOKE ALL ON SCHEMA public FROM PUBLIC",
    ]
    for party in parties:
        statements.append(f"CREATE SCHEMA IF NOT EXISTS {party.name} AUTHORIZATION impex_owner")
        statements.append(f"GRANT USAGE ON SCHEMA {party.name} TO {party.role}")
    return statements
