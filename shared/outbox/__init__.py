"""Exactly once in effect, in PostgreSQL: outbox, inbox and stored replies.

An event is emitted by an outbox row in the transaction of the change, and processed by an inbox row
in the transaction of its effect. Handlers never publish directly.
"""

from pathlib import Path

from shared.outbox.inbox import apply, apply_all, apply_once, mark_processed
from shared.outbox.outbox import (
    INSERT_RESERVED,
    Backlog,
    OutboxRow,
    ReservedEvents,
    add,
    emit,
    emit_all,
    emit_to,
    insert_reserved,
    outbox_row,
    read_backlog,
    reserved_columns,
)

#: The common tables of every service's schema.
MIGRATIONS = Path(__file__).parent / "migrations"

__all__ = [
    "INSERT_RESERVED",
    "MIGRATIONS",
    "Backlog",
    "OutboxRow",
    "ReservedEvents",
    "add",
    "apply",
    "apply_all",
    "apply_once",
    "emit",
    "emit_all",
    "emit_to",
    "insert_reserved",
    "mark_processed",
    "outbox_row",
    "read_backlog",
    "reserved_columns",
]
