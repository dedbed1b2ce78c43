"""Exactly once in effect, in PostgreSQL: outbox, relay, inbox and kept replies.

A fact is said by inserting it in the transaction that makes it true, and heard by inserting its id
in the transaction of its effect. Publishing from a handler directly is a mistake.
"""

from __future__ import annotations

from pathlib import Path

from shared.outbox.inbox import apply_once, mark_processed
from shared.outbox.outbox import add, emit, oldest_age

#: The common tables of every service's schema.
MIGRATIONS = Path(__file__).parent / "migrations"

__all__ = ["MIGRATIONS", "add", "apply_once", "emit", "mark_processed", "oldest_age"]
