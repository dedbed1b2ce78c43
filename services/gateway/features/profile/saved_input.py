"""What somebody had typed when their session ended, kept for them alone through the sign-in.

A page of the information carries a mark, sealed by us, that says whose page it is, and which terms
stand beside its tick. When its form
comes after the session has ended (idle, signed out in another tab), what was typed is kept sealed
for that account and shown to nobody but its holder, once both factors are given again. It is shown,
not saved: only its holder saves.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

import msgspec

from services.gateway.features.profile import saved_input_store as store
from services.gateway.sessions.sealed_state import LONGEST, SealedPages
from shared.database import Pool
from shared.database.pool import acquire as connected

#: How long a page may have been open, and how long what was typed on it waits for its holder.
LIFE = timedelta(hours=24)
MARK = "mark of a page"


@dataclass(frozen=True)
class Mark:
    """Whose page it is, and which version of the terms it shows beside its tick."""

    account_id: str
    terms_version: str


class KeptForms:
    """The table of kept forms, by account."""

    def __init__(
        self, pool: Pool, clock: Callable[[], datetime], sealed_pages: SealedPages
    ) -> None:
        self._pool = pool
        self._clock = clock
        self._sealed_pages = sealed_pages

    def mark(self, account_id: str, terms_version: str) -> str:
        """What a page carries to say whose it is and what it shows."""
        made_at = self._clock().isoformat()
        return self._sealed_pages.seal(f"{account_id} {made_at} {terms_version}", MARK)

    def read(self, mark: str) -> Mark | None:
        """What a page's mark says, or None: not ours, or too old."""
        text = self._sealed_pages.open(mark, MARK)
        if text is None:
            return None
        account_id, made_at, terms_version = text.split(" ", 2)
        if datetime.fromisoformat(made_at) < self._clock() - LIFE:
            return None
        return Mark(account_id, terms_version)

    async def keep(self, account_id: str, values: Mapping[str, str]) -> bool:
        """Keep what was typed, and the mark of its page; False for more than could be shown again,
        which nobody types."""
        now = self._clock()
        box = self._sealed_pages.seal(msgspec.json.encode(values).decode(), _context(account_id))
        if len(box) > LONGEST:
            return False
        async with connected(self._pool) as connection:
            await store.keep(connection, account_id, box, now, now + LIFE)
        return True

    async def find(self, account_id: str, saved_at: datetime | None) -> dict[str, str] | None:
        """What was typed and not saved; None where nothing was, or a draft was saved since."""
        async with connected(self._pool) as connection:
            found = await store.find(connection, account_id, self._clock())
        if found is None or (saved_at is not None and found[1] <= saved_at):
            return None
        text = self._sealed_pages.open(found[0], _context(account_id))
        return None if text is None else msgspec.json.decode(text, type=dict[str, str])

    async def forget(self, account_id: str) -> None:
        """It is saved."""
        async with connected(self._pool) as connection:
            await store.forget(connection, account_id)

    async def purge(self) -> None:
        """Forget what has run out."""
        async with connected(self._pool) as connection:
            await store.delete_expired(connection, self._clock())


def _context(account_id: str) -> str:
    return f"kept form of {account_id}"
