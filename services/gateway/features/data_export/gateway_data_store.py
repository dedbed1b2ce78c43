"""The gateway's SQL for the data export (B-11); tokens are left out."""

from typing import Any

from shared.database import Pool, acquire

CATEGORIES = {
    "sessions": """
        select id::text as session_id, level, device, network, address, first_name, last_name,
            failures as wrong_passwords_before, opened_at, proved_at, code_at, seen_at, ends_at
        from sessions where account_id = $1 order by opened_at
    """,
    "known_browsers": """
        select known_at, expires_at from known_browsers where account_id = $1 order by known_at
    """,
    "sessions_ended": "select before from session_revocations where account_id = $1",
    "validated": "select validated_at from validated_accounts where account_id = $1",
    "saved_input": "select saved_at, expires_at from saved_input where account_id = $1",
    "support_requests": """
        select kind, number, submitted_at, expires_at from support_requests where account_id = $1
        order by submitted_at
    """,
}


async def export(pool: Pool, account_id: str) -> dict[str, list[dict[str, Any]]]:
    """Everything, by category. Unsaved input is sealed: its form shows it."""
    async with acquire(pool) as connection:
        return {
            category: [dict(row) for row in await connection.fetch(sql, account_id)]
            for category, sql in CATEGORIES.items()
        }
