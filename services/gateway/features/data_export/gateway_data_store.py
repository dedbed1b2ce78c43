"""The gateway's SQL for a person who asks what is held about them (B-11): never a token."""

from __future__ import annotations

from typing import Any

from shared.database import Connection

MATTERS = {
    "sessions": """
        select id::text as session_id, level, device, network, address, first_name, last_name,
            failures as wrong_passwords_before, opened_at, proved_at, code_at, seen_at, ends_at
        from sessions where account_id = $1 order by opened_at
    """,
    "known_browsers": """
        select known_at, expires_at from known_browsers where account_id = $1 order by known_at
    """,
    "sessions_ended": "select before from session_ends where account_id = $1",
    "validated": "select validated_at from validated_accounts where account_id = $1",
    "kept_forms": "select kept_at, expires_at from kept_forms where account_id = $1",
    "desk_words": """
        select kind, number, told_at, expires_at from desk_words where account_id = $1
        order by told_at
    """,
}


async def read(connection: Connection, account_id: str) -> dict[str, list[dict[str, Any]]]:
    """Everything, by matter; what somebody typed and did not save is kept sealed, and is shown by
    its form."""
    return {
        matter: [dict(row) for row in await connection.fetch(sql, account_id)]
        for matter, sql in MATTERS.items()
    }
