"""PostgreSQL: a pool per service, transactions, and migrations.

A service sees one schema, through unqualified names and a role that may read and write rows there
and nothing else. The loss of the server raises `DependencyDown`; the pool reconnects by itself.
"""

from shared.database.migrations import check_schema, migrate, read_migrations
from shared.database.pool import (
    TRANSIENT_ERRORS,
    Connection,
    Pool,
    acquire,
    database_errors,
    open_pool,
    ping,
    row_count,
    transaction,
)
from shared.database.wait_limits import limit_waits

__all__ = [
    "TRANSIENT_ERRORS",
    "Connection",
    "Pool",
    "acquire",
    "check_schema",
    "database_errors",
    "limit_waits",
    "migrate",
    "open_pool",
    "ping",
    "read_migrations",
    "row_count",
    "transaction",
]
