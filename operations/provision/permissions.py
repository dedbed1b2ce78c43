"""Who may do what on the broker and in the database: one user and one role per service.

All of it follows from the four tuples of each `service.py`; there is no second list. `make up`,
`deploy/` and the tests install the documents made here.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from operations.provision.broker_admin import password_hash
from operations.provision.partners import Partner, declared
from shared.contracts.base import Event, Request
from shared.messaging import topology

OWNER = "impex_owner"
#: Longer than any statement of a service.
STATEMENT_SECONDS = 60
#: The tag of a partner's broker user.
PARTNER_TAG = "partner"
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
    refusals: bool = False
    moves_letters: bool = False
    pushes_events: bool = False

    @property
    def role(self) -> str:
        """Its role in the database."""
        return f"impex_{self.name}"

    def permissions(self, partners: Sequence[Partner]) -> topology.Permissions:
        """What it may declare, write to and read from, with these partners."""
        least = topology.permissions(self.name, self.hears, self.emits, self.asks, self.answers)
        if self.pushes_events:
            least = topology.push_permissions(least, (one.name for one in partners if one.push))
        return topology.letters_permissions(least) if self.moves_letters else least

    def topology(self) -> topology.Topology:
        """Its queues, its exchange and their bindings, as it declares them itself."""
        return topology.service_topology(
            self.name, self.hears, self.answers, refusals=self.refusals
        )


def broker_topology(
    vhost: str,
    principals: Sequence[Principal] = (),
    partners: Sequence[Partner] = (),
) -> dict[str, Any]:
    """The shared exchanges, the queue of unrouted events with its limit, and the queues of
    `principals` and `partners`.

    Made before any service runs, so that a queue stores events from before its service's first
    start.
    """
    parts = [
        topology.shared_exchanges(),
        *(principal.topology() for principal in principals),
        *(partner.topology() for partner in partners),
    ]
    unrouted = {
        "max-length-bytes": topology.MAX_UNROUTED_BYTES,
        "delivery-limit": topology.KEPT_DELIVERIES,
    }
    kept = {"delivery-limit": topology.KEPT_DELIVERIES}
    return {
        "policies": [
            _policy(vhost, topology.UNROUTED_QUEUE, _exactly(topology.UNROUTED_QUEUE), unrouted),
            _policy(vhost, topology.KEPT_POLICY, topology.KEPT_QUEUES, kept),
            *(_partner_policy(vhost, partner.name) for partner in partners if partner.hears),
        ],
        **_made(vhost, parts),
    }


def partner_definitions(
    vhost: str, partner: Partner, password: str, principals: Sequence[Principal] = ()
) -> dict[str, Any]:
    """One partner's user, rights and queues, in a virtual host that was provisioned before; and the
    right to read its queue for the one of `principals` that pushes."""
    pushing = [one for one in principals if one.pushes_events and partner.push]
    rights = [partner.permissions(), *(one.permissions(declared()) for one in pushing)]
    policies = [_partner_policy(vhost, partner.name)] if partner.hears else []
    return {
        "users": users({partner.name: password}, [partner]),
        **_rights(vhost, rights),
        "policies": policies,
        **_made(vhost, [partner.topology()]),
    }


def _policy(vhost: str, name: str, pattern: str, definition: dict[str, Any]) -> dict[str, Any]:
    same = {"vhost": vhost, "apply-to": "queues", "priority": 1}
    return {**same, "name": name, "pattern": pattern, "definition": definition}


def _partner_policy(vhost: str, name: str) -> dict[str, Any]:
    queue = topology.partner_queue(name)
    return _policy(vhost, queue, _exactly(queue), topology.partner_policy(name))


def _exactly(queue: str) -> str:
    return f"^{re.escape(queue)}$"


def _made(vhost: str, parts: Sequence[topology.Topology]) -> dict[str, Any]:
    durable = {"vhost": vhost, "durable": True, "auto_delete": False}
    return {
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


def users(passwords: Mapping[str, str], partners: Sequence[Partner] = ()) -> list[dict[str, Any]]:
    """Broker users by name and password; nobody logs in with an empty one.

    Only those of operators may use the management API, where they see the virtual hosts that they
    have rights in. A partner's has a tag without meaning to the broker, by which it is found.
    """
    tags = {name: ["management"] for name in topology.OPERATORS}
    tags |= {one.name: [PARTNER_TAG] for one in partners}
    return [
        {
            "name": name,
            "password_hash": password_hash(password) if password else "",
            "hashing_algorithm": "rabbit_password_hashing_sha256",
            "tags": tags.get(name, []),
        }
        for name, password in sorted(passwords.items())
    ]


def permissions(
    vhost: str, principals: Sequence[Principal], partners: Sequence[Partner]
) -> dict[str, Any]:
    """The rights of every service's and partner's user in one virtual host."""
    services = [one.permissions(partners) for one in principals]
    return _rights(vhost, services + [one.permissions() for one in partners])


def _rights(vhost: str, rights: Sequence[topology.Permissions]) -> dict[str, Any]:
    def row(user: str, **rights: str) -> dict[str, str]:
        return {"user": user, "vhost": vhost, **rights}

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
    partners: Sequence[Partner] | None = None,
) -> dict[str, Any]:
    """The definitions document of one virtual host: topology, users, and their rights.

    Without `queues` the services declare theirs. `partners` are by default those that have a file.

    Users whose password is not among `passwords` must exist already. The operator's user may do
    everything in the virtual host: it reads dead letters and sends them again.
    """
    partners = declared() if partners is None else partners
    made = permissions(vhost, principals, partners)
    everything = {"vhost": vhost, "configure": ".*", "write": ".*", "read": ".*"}
    operators = sorted({administrator, topology.OPERATOR})
    made["permissions"] += [{"user": name, **everything} for name in operators]
    made |= {"vhosts": [{"name": vhost}], "users": users(passwords, partners)}
    shown = (principals, partners) if queues else ((), ())
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


def connection_sql(database: str, principals: Sequence[Principal]) -> list[str]:
    """Statements that let the services' roles connect to a database, and nobody else."""
    return [
        f'REVOKE ALL ON DATABASE "{database}" FROM PUBLIC',
        f'GRANT CONNECT ON DATABASE "{database}" TO {_roles(principals)}',
    ]


def _roles(principals: Sequence[Principal]) -> str:
    return ", ".join([OWNER, *(principal.role for principal in principals)])


def database_sql(database: str, principals: Sequence[Principal]) -> list[str]:
    """Statements run inside one database: a schema per service, owned by the owner's role alone."""
    statements = [
        *connection_sql(database, principals),
        "REVOKE ALL ON SCHEMA public FROM PUBLIC",
        _as_superuser(
            *(f"REVOKE ALL ON FUNCTION {one} FROM PUBLIC" for one in ADVISORY_LOCKS),
            # Held locks show their numbers.
            "REVOKE ALL ON FUNCTION pg_lock_status() FROM PUBLIC",
            "REVOKE ALL ON pg_locks FROM PUBLIC",
            f"GRANT EXECUTE ON FUNCTION {SERVICE_LOCK} TO {_roles(principals)}",
            f"GRANT EXECUTE ON FUNCTION {MIGRATION_LOCK} TO {OWNER}",
        ),
    ]
    for principal in principals:
        statements.append(f"CREATE SCHEMA IF NOT EXISTS {principal.name} AUTHORIZATION {OWNER}")
        statements.append(f"GRANT USAGE ON SCHEMA {principal.name} TO {principal.role}")
    return statements
