"""Locks by name, within one schema and until the end of the transaction.

PostgreSQL's advisory locks are numbers that every role of a database can take. The number of a name
depends on its schema's seed, which no other role can read, so no other role can hold our locks.
"""

from shared.database.pool import Connection

LOCK = """
SELECT pg_advisory_xact_lock(
    ('x' || encode(substring(sha256(seed || convert_to($1, 'UTF8')) FOR 8), 'hex'))
    ::bit(64)::bigint)
FROM lock_seed
"""


async def lock_name(tx: Connection, name: str) -> None:
    """Wait for the lock `name` and hold it until `tx` ends."""
    if not await tx.fetch(LOCK, name):
        raise RuntimeError("the schema has no seed for its locks")
