"""SQL on forms with a doubtful address, in the caller's transaction."""

from datetime import datetime

from services.registration.address_questions import AddressQuestion
from shared.database import Connection
from shared.database.rows import insert

# Answered once: of two answers at once, the second one finds nothing.
TAKE = """
DELETE FROM address_questions WHERE id = $1 AND expires_at > $2
RETURNING id, request_id::text, account_id::text, first_name, last_name, language, address,
    address_key, password_hash, meant_address, meant_address_key, meant_password_hash,
    pepper_key_id, password_changes, expires_at
"""


async def add(tx: Connection, question: AddressQuestion) -> None:
    """Store a question."""
    await insert(tx, "address_questions", vars(question))


async def take(tx: Connection, question_id: str, now: datetime) -> AddressQuestion | None:
    """Delete a question that has not expired, and return it."""
    row = await tx.fetchrow(TAKE, question_id, now)
    return None if row is None else AddressQuestion(**row)
