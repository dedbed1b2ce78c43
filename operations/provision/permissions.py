"""Who may do what on the broker and in the database: one user and one role per service.

All of it follows from the four tuples of each `service.py`; there is no second list. `make up`,
`deploy/` and the tests install the documents made here.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from operations.provision.broker_admin import password_hash
from shared.contracts import backoffice, dossiers
from shared.contracts.base import EVENTS, Event, Request
from shared.messaging import topology

OWNER = "impex_owner"
#: Longer than any statement of a service.
STATEMENT_SECONDS = 60
#: Other applications, which publish events under their own user, without a schema, and what each
#: hears, in a queue of its own.
PARTNERS: Mapping[str, tuple[type[Event], ...]] = {
    backoffice.OWNER: (dossiers.DossiersTransferred, dossiers.DossierTransferUndone)
}


#: What services lock by, and what migrations do: numbers of two kinds that never meet.
SERVICE_LOCK = "pg_advisory_xact_lock(bigint)"
MIGRATION_LOCK = "pg_advisory_lock(integer, integer)"
ADVISORY_LOCKS = tuple(
    f"pg_{attempt}advisory_{kind}({numbers})"
    for attempt in ("", "try_")
    for kind in ("lock", "lock_shared", "xact_lock", "xact_lock_shared")
    for numbers in ("bigint", "integer, integer")
)


@dataclass(frozen=True)
class Principal:
    """One service as the broker and the database see it."""

    name: str
    hears: tuple[type[Event], ...] = ()
    emits: tuple[type[Event], ...] = ()
    asks: tuple[type[Request], ...] = ()
    answers: tuple[type[Request], ...] = ()

    @property
    def role(self) -> str:
        """Its role in the database."""
        return f"impex_{self.name}"

    def permissions(self) -> topology.Permissions:
        """What it may declare, write to and read from."""
        return topology.permissions(self.name, self.hears, self.emits, self.asks, self.answers)

    def topology(self) -> topology.Topology:
        """Its queues, its exchange and their bindings, as it declares them itself."""
        return topology.service_topology(self.name, self.hears, self.answers)


def broker_topology(
    vhost: str,
    principals: Sequence[Principal] = (),
    partners: Mapping[str, Sequence[type[Event]]] = PARTNERS,
) -> dict[str, Any]:
    """The shared exchanges, the queue of unrouted events with its limit, and the queues of
    `principals` and `partners`.

    Made before any service runs, so that a queue stores events from before its service's first
    start.
    """
    parts = [
        topology.shared_exchanges(),
        *(principal.topology() for principal in principals),
        *(topology.partner_topology(name, hears) for name, hears in partners.items()),
    ]
    durable = {"vhost": vhost, "durable": True, "auto_delete": False}
    return {
        "policies": [
            {
                "vhost": vhost,
                "name": topology.UNROUTED_QUEUE,
                "pattern": f"^{re.escape(topology.UNROUTED_QUEUE)}$",
                "apply-to": "queues",
                "priority": 1,
                "definition": {
                    "max-length-bytes": topology.MAX_UNROUTED_BYTES,
                    "delivery-limit": topology.KEPT_DELIVERIES,
                },
            },
            {
                "vhost": vhost,
                "name": topology.KEPT_POLICY,
                "pattern": topology.KEPT_QUEUES,
                "apply-to": "queues",
                "priority": 1,
                "definition": {"delivery-limit": topology.KEPT_DELIVERIES},
            },
        ],
        "exchanges": [
            {
                **durable,
                "name": one.name,
                "type": one.kind,
                "internal": False,
                "arguments": dict(one.arguments),
            }
            for part in parts
            for one in part.exchanges
        ],
        "queues": [
            {**durable, "name": one.name, "arguments": dict(one.arguments)}
            for part in parts
            for one in part.queues
        ],
        "bindings": [
            {
                "source": one.exchange,
                "vhost": vhost,
                "destination": one.queue,
                "destination_type": "queue",
                "routing_key": one.key,
                "arguments": {},
            }
            for part in parts
            for one in part.bindings
        ],
    }


def users(passwords: Mapping[str, str]) -> list[dict[str, Any]]:
    """Broker users by name and password. Only the operator's may use the management API, where it
    sees the virtual hosts that it has rights in."""
    return [
        {
            "name": name,
            "password_hash": password_hash(password),
            "hashing_algorithm": "rabbit_password_hashing_sha256",
            "tags": ["management"] if name == topology.OPERATOR else [],
        }
        for name, password in sorted(passwords.items())
    ]


def permissions(vhost: str, principals: Sequence[Principal]) -> dict[str, Any]:
    """The rights of every service's and partner's user in one virtual host."""

    def row(user: str, **rights: str) -> dict[str, str]:
        return {"user": user, "vhost": vhost, **rights}

    rights = [principal.permissions() for principal in principals]
    for name, hears in PARTNERS.items():
        agreed = [one for one in EVENTS.values() if name == one.OWNER]
        rights.append(topology.partner_permissions(name, agreed, hears))
    return {
        "permissions": [
            row(one.user, configure=one.configure, write=one.write, read=one.read) for one in rights
        ],
        "topic_permissions": [
            row(one.user, exchange=topic.exchange, write=topic.write, read=topic.read)
            for one in rights
            for topic in one.topics
        ],
    }


def definitions(
    vhost: str,
    principals: Sequence[Principal],
    passwords: Mapping[str, str],
    administrator: str,
    *,
    queues: bool = True,
) -> dict[str, Any]:
    """The definitions document of one virtual host: topology, users, and their rights.

    Without `queues` the services declare theirs.

    Users whose password is not among `passwords` must exist already. The operator's user may do
    everything in the virtual host: it reads dead letters and sends them again.
    """
    made = permissions(vhost, principals)
    everything = {"vhost": vhost, "configure": ".*", "write": ".*", "read": ".*"}
    operators = sorted({administrator, topology.OPERATOR})
    made["permissions"] += [{"user": name, **everything} for name in operators]
    made |= {"vhosts": [{"name": vhost}], "users": users(passwords)}
    shown = (principals, PARTNERS) if queues else ((), {})
    return made | broker_topology(vhost, *shown)


def roles_sql(principals: Sequence[Principal], passwords: Mapping[str, str]) -> list[str]:
    """Statements that make the roles of one database server; `passwords` is by role."""
    statements = []
    for name in [OWNER, *(principal.role for principal in principals)]:
        statements.append(
            f"DO $$ BEGIN CREATE ROLE {name} LOGIN NOINHERIT; "
            "EXCEPTION WHEN duplicate_object THEN NULL; END $$"
        )
        if name in passwords:
            quoted = passwords[name].replace("'", "''")
            statements.append(f"ALTER ROLE {name} LOGIN PASSWORD '{quoted}'")
        if name != OWNER:
            # Of sessions that set nothing themselves; migrations may take longer.
            statements.append(f"ALTER ROLE {name} SET statement_timeout = '{STATEMENT_SECONDS}s'")
    # What everybody may enter by default, and no role of ours has business in.
    statements += [
        _as_superuser(f"REVOKE CONNECT, TEMPORARY ON DATABASE {name} FROM PUBLIC")
        for name in ("postgres", "template1")
    ]
    # An administrator who is no superuser must be a member of the role it makes schemas for.
    statements.append(
        "DO $$ BEGIN IF NOT (SELECT rolsuper FROM pg_roles WHERE rolname = current_user) "
        "THEN GRANT impex_owner TO CURRENT_USER; END IF; END $$"
    )
    return statements


def _as_superuser(*statements: str) -> str:
    """Statements about what belongs to PostgreSQL itself; another administrator leaves them out."""
    is_superuser = "(SELECT rolsuper FROM pg_roles WHERE rolname = current_user)"
    return f"DO $$ BEGIN IF {is_superuser} THEN {'; '.join(statements)}; END IF; END $$"


def database_sql(database: str, principals: Sequence[Principal]) -> list[str]:
    """Statements run inside one database: a schema per service, owned by the owner's role alone."""
    roles = ", ".join([OWNER, *(principal.role for principal in principals)])
    statements = [
        f'REVOKE ALL ON DATABASE "{database}" FROM PUBLIC',
        f'GRANT CONNECT ON DATABASE "{database}" TO {roles}',
        "REVOKE ALL ON SCHEMA public FROM PUBLIC",
        _as_superuser(
            *(f"REVOKE ALL ON FUNCTION {one} FROM PUBLIC" for one in ADVISORY_LOCKS),
            # Held locks show their numbers.
            "REVOKE ALL ON FUNCTION pg_lock_status() FROM PUBLIC",
            "REVOKE ALL ON pg_locks FROM PUBLIC",
            f"GRANT EXECUTE ON FUNCTION {SERVICE_LOCK} TO {roles}",
            f"GRANT EXECUTE ON FUNCTION {MIGRATION_LOCK} TO {OWNER}",
        ),
    ]
    for principal in principals:
        statements.append(f"CREATE SCHEMA IF NOT EXISTS {principal.name} AUTHORIZATION {OWNER}")
        statements.append(f"GRANT USAGE ON SCHEMA {principal.name} TO {principal.role}")
    return statements
