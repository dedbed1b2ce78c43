"""SQL on proofs of codes that were used, in the caller's transaction."""

from datetime import datetime

from shared.database import Connection
from shared.database.rows import insert


async def use(tx: Connection, nonce: str, expires_at: datetime) -> bool:
    """Use a proof up; False where that was done before. `expires_at`: too old from then on."""
    row = {"nonce": nonce, "expires_at": expires_at}
    return await insert(tx, "used_code_proofs", row, "ON CONFLICT DO NOTHING")


async def purge(tx: Connection, now: datetime) -> None:
    """Forget the proofs that are too old to count."""
    await tx.execute("delete from used_code_proofs where expires_at <= $1", now)
