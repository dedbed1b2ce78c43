"""The SQL of the handlers: deliveries added, dropped and deleted; the directory.

Functions that take a transaction. Sending is in `claims`.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

import msgspec

from services.mailer.deliveries import SECRET_FIELDS, Delivery
from shared.contracts.registration.events import (
    AccountCreated,
    AccountImported,
    AddressChanged,
    NameChanged,
)
from shared.contracts.registration.recovery_address import RecoveryAddressChanged
from shared.database import Connection, row_count
from shared.database.locks import lock_name
from shared.database.rows import insert

#: Longer than an event about a request can be delayed.
RETENTION_CLOSED_REQUESTS = timedelta(days=30)
#: A queue of mails is counted so far.
MAX_COUNTED = 100_000


@dataclass(frozen=True, kw_only=True)
class Recipient:
    """Name, address and language of an account's holder, from the directory. The address is empty
    where the account has none any more.

    `agent`: it is an agent of the desk, whose names are not known here.
    """

    address: str
    first_name: str
    last_name: str
    language: str
    recovery_address: str = ""
    agent: bool = False


@dataclass(frozen=True)
class Owner:
    """The request or the account that mails are about: its id, and the column that holds it."""

    column: Literal["request_id", "subject"]
    id: str


async def lock(tx: Connection, owner_id: str) -> None:
    """Lock the mails of a request or account against other transactions until `tx` ends."""
    await lock_name(tx, owner_id)


async def add(tx: Connection, new: Delivery) -> None:
    """Add a mail, due now, unless the same event added it before."""
    row = dict(vars(new))
    for name in SECRET_FIELDS:  # in clear only while the message is built
        del row[name]
    data, secrets = row.pop("data"), row.pop("secrets")
    row["template"] = new.template.name
    row["facts"] = msgspec.json.encode(data).decode()
    row["sealed"] = None if secrets is None else msgspec.json.encode(secrets).decode()
    row["due_at"] = new.written_at
    await insert(tx, "deliveries", row, "ON CONFLICT DO NOTHING")


async def is_obsolete(tx: Connection, template: str, owner: Owner, asked_at: datetime) -> bool:
    """Whether the request is closed or the owner has a later mail of the same kind."""
    which = f"{owner.column} = $1 AND template = $2 AND asked_at > $3"
    found: bool = await tx.fetchval(
        f"""
        SELECT EXISTS (SELECT FROM closed_requests WHERE request_id = $1)
            OR EXISTS (SELECT FROM deliveries WHERE {which})
        """,  # noqa: S608 - the column is one of two constants
        owner.id,
        template,
        asked_at,
    )
    return found


async def drop_older(
    tx: Connection, template: str, owner: Owner, asked_at: datetime, now: datetime
) -> None:
    """Drop the mails that a mail of `asked_at` replaces."""
    which = f"{owner.column} = $3 AND template = $4 AND asked_at < $5"
    await _drop(tx, which, now, "superseded", owner.id, template, asked_at)


async def count_within(
    tx: Connection, account_id: str, templates: Collection[str], at: datetime, span: timedelta
) -> int:
    """How many mails of these kinds an account has within `span` of `at`."""
    found: int = await tx.fetchval(
        "SELECT count(*) FROM deliveries WHERE subject = $1 AND template = ANY($2)"
        " AND asked_at > $3 AND asked_at < $4",
        account_id,
        list(templates),
        at - span,
        at + span,
    )
    return found


async def close_request(
    tx: Connection, request_id: str, now: datetime, *, still_sent: Collection[str] = ()
) -> None:
    """Send nothing more about a request, except the templates in `still_sent`."""
    row = {"request_id": request_id, "closed_at": now}
    await insert(tx, "closed_requests", row, "ON CONFLICT DO NOTHING")
    which = "request_id = $3 AND template <> ALL($4)"
    await _drop(tx, which, now, "closed", request_id, list(still_sent))


async def delete_request(tx: Connection, request_id: str, now: datetime) -> None:
    """Send nothing more about a cancelled request, and delete its addresses.

    A mail that is being transmitted cannot be recalled; without its address it is not sent again.
    """
    await close_request(tx, request_id, now)
    await tx.execute(
        "DELETE FROM deliveries WHERE request_id = $1 AND state <> 'transmitting'", request_id
    )
    await tx.execute(
        "UPDATE deliveries SET address = '', sealed = NULL WHERE request_id = $1", request_id
    )


async def _drop(tx: Connection, which: str, now: datetime, reason: str, *arguments: Any) -> None:
    # A mail that is being transmitted cannot be recalled: its attempt ends as usual.
    await tx.execute(
        f"""
        UPDATE deliveries SET state = 'dropped', reason = $2, sealed = NULL, due_at = NULL,
            lease_until = NULL, ended_at = $1
        WHERE state IN ('pending', 'deferred', 'sending', 'held') AND {which}
        """,  # noqa: S608 - the parts are constants of this module
        now,
        reason,
        *arguments,
    )


async def upsert_recipient(
    tx: Connection, account_id: str, event: AccountCreated | AccountImported, known_at: datetime
) -> None:
    """Add an account to the directory; newer names and addresses stay."""
    await tx.execute(
        """
        INSERT INTO directory (account_id, address, first_name, last_name, language, known_at)
        VALUES ($1, $2, $3, $4, $5, $6)
        ON CONFLICT (account_id) DO UPDATE SET
            address = CASE WHEN directory.addressed_at > $6 THEN directory.address ELSE $2 END,
            first_name = CASE WHEN directory.named_at > $6 THEN directory.first_name ELSE $3 END,
            last_name = CASE WHEN directory.named_at > $6 THEN directory.last_name ELSE $4 END,
            language = $5, known_at = $6
        WHERE directory.known_at < $6
        """,
        account_id,
        event.address,
        event.first_name,
        event.last_name,
        event.language,
        known_at,
    )


async def upsert_agent(
    tx: Connection, agent_id: str, address: str, language: str, at: datetime
) -> None:
    """Add an agent of the desk to the directory."""
    await tx.execute(
        """
        INSERT INTO directory (account_id, address, first_name, last_name, language, known_at,
            agent)
        VALUES ($1, $2, '', '', $3, $4, true)
        ON CONFLICT (account_id) DO UPDATE SET address = $2, language = $3, known_at = $4
        WHERE directory.known_at < $4
        """,
        agent_id,
        address,
        language,
        at,
    )


async def update_name(tx: Connection, account_id: str, event: NameChanged) -> None:
    """Set first and last name; newer ones stay."""
    await tx.execute(
        """
        UPDATE directory SET first_name = $2, last_name = $3, named_at = $4
        WHERE account_id = $1 AND greatest(known_at, named_at) < $4
        """,
        account_id,
        event.first_name,
        event.last_name,
        event.changed_at,
    )


async def update_address(tx: Connection, account_id: str, event: AddressChanged) -> None:
    """Set the address; a newer one stays."""
    await tx.execute(
        """
        UPDATE directory SET address = $2, addressed_at = $3
        WHERE account_id = $1 AND greatest(known_at, addressed_at) < $3
        """,
        account_id,
        event.address,
        event.changed_at,
    )


async def update_recovery_address(
    tx: Connection, account_id: str, event: RecoveryAddressChanged
) -> None:
    """Set the recovery address, or remove it; a newer one stays."""
    await tx.execute(
        """
        UPDATE directory SET recovery_address = $2, recovery_address_at = $3
        WHERE account_id = $1 AND coalesce(recovery_address_at, known_at) < $3
        """,
        account_id,
        event.address,
        event.changed_at,
    )


async def delete_recipient(
    tx: Connection, account_id: str, at: datetime, *, with_name: bool
) -> None:
    """Send no more mails to an account: its address is another one's, or it is anonymised."""
    await tx.execute(
        """
        UPDATE directory SET address = '', addressed_at = greatest(known_at, addressed_at, $2),
            recovery_address = '', recovery_address_at = $2,
            first_name = CASE WHEN $3 THEN '' ELSE first_name END,
            last_name = CASE WHEN $3 THEN '' ELSE last_name END,
            named_at = CASE WHEN $3 THEN greatest(known_at, named_at, $2) ELSE named_at END
        WHERE account_id = $1
        """,
        account_id,
        at,
        with_name,
    )


async def delete_personal_data(tx: Connection, account_id: str, now: datetime, *, but: str) -> None:
    """Drop the mails of an anonymised account, and delete addresses and names from their records;
    `but` is the template of the last mail."""
    await _drop(tx, "subject = $3 AND template <> $4", now, "closed", account_id, but)
    await tx.execute(
        "UPDATE deliveries SET address = '', sealed = NULL, facts = '{}'"
        " WHERE subject = $1 AND template <> $2 AND ended_at IS NOT NULL",
        account_id,
        but,
    )


async def mark_confirmed(tx: Connection, account_id: str, at: datetime) -> bool:
    """Mark an account as complete; False where it was before."""
    status = await tx.execute(
        "UPDATE directory SET confirmed_at = $2 WHERE account_id = $1 AND confirmed_at IS NULL",
        account_id,
        at,
    )
    return status == "UPDATE 1"


async def find_recipient(tx: Connection, account_id: str) -> Recipient | None:
    """The holder of an account, or None where the directory has no entry."""
    row = await tx.fetchrow(
        "SELECT address, first_name, last_name, language, recovery_address, agent FROM directory"
        " WHERE account_id = $1",
        account_id,
    )
    return None if row is None else Recipient(**dict(row))


async def oldest_waiting(tx: Connection) -> datetime | None:
    """When the oldest mail was written that is still to be sent; held ones do not count."""
    found: datetime | None = await tx.fetchval(
        "SELECT min(written_at) FROM deliveries WHERE ended_at IS NULL AND state <> 'held'"
    )
    return found


async def count_waiting(tx: Connection) -> dict[str, int]:
    """How many mails are not sent yet, by state; a longer queue is counted in part."""
    rows = await tx.fetch(
        """
        SELECT state, count(*) AS mails
        FROM (SELECT state FROM deliveries WHERE ended_at IS NULL LIMIT $1) AS waiting
        GROUP BY state
        """,
        MAX_COUNTED,
    )
    return {row["state"]: row["mails"] for row in rows}


async def purge(tx: Connection, now: datetime, retention: timedelta) -> int:
    """Delete the mails that ended `retention` ago, and drop held mails that are too old to send.

    Those are the ones whose code has expired, and the ones as old as `retention`.
    """
    await tx.execute(
        """
        UPDATE deliveries SET state = 'dropped', reason = 'expired', sealed = NULL, ended_at = $1
        WHERE state = 'held' AND (written_at < $2 OR sealed IS NOT NULL AND expires_at < $1)
        """,
        now,
        now - retention,
    )
    await tx.execute(
        "DELETE FROM closed_requests WHERE closed_at < $1", now - RETENTION_CLOSED_REQUESTS
    )
    # The last mail of an anonymised account is the last record of its address.
    await tx.execute(
        "DELETE FROM deliveries WHERE template = 'account_anonymised' AND ended_at IS NOT NULL"
    )
    status = await tx.execute("DELETE FROM deliveries WHERE ended_at < $1", now - retention)
    return row_count(status)
