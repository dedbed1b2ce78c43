"""Input posted after the session had ended, saved for its holder until the next sign-in.

The form carries a sealed token with its account and the version of the terms it shows. Where it is
posted after the session has ended (idle, signed out in another tab), the input is stored sealed for
that account and shown to its holder after both factors. It is shown, not applied: only the holder
saves it.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

import msgspec
from aiohttp import web

from services.gateway.sessions.sealed_state import MAX_CHARACTERS, SealedState
from shared.database import Pool, acquire

#: How long a page may be open, and how long its input is stored.
LIFETIME = timedelta(hours=24)
PURPOSE = "mark of a page"

UPSERT = """
insert into saved_input (account_id, box, saved_at, expires_at) values ($1, $2, $3, $4)
on conflict (account_id) do update
    set box = excluded.box, saved_at = excluded.saved_at, expires_at = excluded.expires_at
"""
FIND = "select box, saved_at from saved_input where account_id = $1 and expires_at > $2"
DELETE = "delete from saved_input where account_id = $1"
DELETE_EXPIRED = "delete from saved_input where expires_at <= $1"


@dataclass(frozen=True)
class FormOwnerToken:
    """The account of a page, and the version of the terms that it shows."""

    account_id: str
    terms_version: str


@dataclass(frozen=True)
class SavedInput:
    """The table of saved input, by account."""

    pool: Pool
    clock: Callable[[], datetime]
    sealed_state: SealedState

    def issue_token(self, account_id: str, terms_version: str) -> str:
        """A token for a page of this account that shows this version of the terms."""
        made_at = self.clock().isoformat()
        return self.sealed_state.seal(f"{account_id} {made_at} {terms_version}", PURPOSE)

    def read_token(self, token: str) -> FormOwnerToken | None:
        """The content of a page's token, or None: not ours, or too old."""
        text = self.sealed_state.open(token, PURPOSE)
        if text is None:
            return None
        account_id, made_at, terms_version = text.split(" ", 2)
        if datetime.fromisoformat(made_at) < self.clock() - LIFETIME:
            return None
        return FormOwnerToken(account_id, terms_version)

    async def save(self, account_id: str, values: Mapping[str, str]) -> bool:
        """Save the input and the token of its page; False where it is too long to be shown
        again.
        """
        now = self.clock()
        box = self.sealed_state.seal(msgspec.json.encode(values).decode(), _context(account_id))
        if len(box) > MAX_CHARACTERS:
            return False
        async with acquire(self.pool) as connection:
            await connection.execute(UPSERT, account_id, box, now, now + LIFETIME)
        return True

    async def find(self, account_id: str, saved_at: datetime | None) -> dict[str, str] | None:
        """What was typed and not saved; None where nothing was, or a draft was saved since."""
        async with acquire(self.pool) as connection:
            row = await connection.fetchrow(FIND, account_id, self.clock())
        if row is None or (saved_at is not None and row["saved_at"] <= saved_at):
            return None
        text = self.sealed_state.open(row["box"], _context(account_id))
        return None if text is None else msgspec.json.decode(text, type=dict[str, str])

    async def delete(self, account_id: str) -> None:
        """Delete the input of an account."""
        async with acquire(self.pool) as connection:
            await connection.execute(DELETE, account_id)

    async def purge(self) -> None:
        """Delete expired rows."""
        async with acquire(self.pool) as connection:
            await connection.execute(DELETE_EXPIRED, self.clock())


SAVED_INPUT = web.AppKey("saved_input", SavedInput)


def _context(account_id: str) -> str:
    # Rows sealed before the table was renamed are opened with it too.
    return f"kept form of {account_id}"
