"""Forms as somebody left them, so that their page can show them again.

A refused form is saved for the browser that sent it, under an id that only the page's URL has:
Back, reload and a duplicated tab show it as often as one likes, for half an hour. A form that was
sent after its session had ended is saved for the account that it was made for, and its page shows
it after the next sign-in, for a day. Both are sealed and shown to nobody else. Fields of
`SECRET_FIELDS` never arrive here.

One browser and one network have a limited number of rows, so that a stranger cannot fill the table;
where there is no room, or no database, the answer to the form carries the form itself.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import msgspec
from aiohttp import web

from services.gateway.http.forms import Form
from services.gateway.sessions.sealed_state import MAX_CHARACTERS, SealedState
from services.gateway.sessions.tokens import REFERENCE, token_hash
from shared.database import Pool, acquire, row_count, transaction
from shared.database.locks import lock_name
from shared.domain.rate_limits import widest_network
from shared.runtime.telemetry import get_logger
from shared.security.sealing import new_token

BROWSER_LIFETIME = timedelta(minutes=30)
ACCOUNT_LIFETIME = timedelta(days=1)
#: Forms of one browser; the oldest go first.
MAX_PER_BROWSER = 10
#: Forms of all browsers of one network. A hospital is one network.
MAX_PER_NETWORK = 500

#: The row, where the network has room for it: $8 rows, or any number where that is null. Only under
#: the network's lock is the count exact.
INSERT = """
insert into saved_forms (id_hash, page, box, saved_at, expires_at, browser_hash, network)
select $1, $2, $3, $4, $5, $6, $7
where $8::int is null
    or (select count(*) from saved_forms where network = $7 and expires_at > $4) < $8
"""
DELETE_SURPLUS = """
delete from saved_forms where id_hash in (
    select id_hash from saved_forms where browser_hash = $1 order by saved_at desc offset $2)
"""
FIND = """
select box from saved_forms
where id_hash = $1 and page = $2 and browser_hash = $3 and expires_at > $4
"""
UPSERT_OF_ACCOUNT = """
insert into saved_forms (id_hash, page, box, saved_at, expires_at, account_id)
values ($1, $2, $3, $4, $5, $6)
on conflict (account_id, page) where account_id is not null do update
    set box = excluded.box, saved_at = excluded.saved_at, expires_at = excluded.expires_at
"""
FIND_OF_ACCOUNT = """
select box from saved_forms where account_id = $1 and page = $2 and expires_at > $3
"""

log = get_logger("gateway")


@dataclass(frozen=True)
class FormOwner:
    """The browser whose form it is, its network, and the account where the page needs a session."""

    browser: str
    network: str
    account_id: str = ""


@dataclass(frozen=True)
class SavedForms:
    """The table of saved forms; `per_network` is None where networks have no limit."""

    pool: Pool
    clock: Callable[[], datetime]
    sealed_state: SealedState
    per_network: int | None = MAX_PER_NETWORK

    async def save(self, form: Form, page: str, owner: FormOwner) -> str | None:
        """Save a form for its browser; its id, or None where there is no room for it."""
        now, form_id, box = self.clock(), new_token(), self._seal(form, _context(page, owner))
        if box is None:
            return None
        browser, network = token_hash(owner.browser), widest_network(owner.network)
        async with transaction(self.pool) as tx:
            if self.per_network is not None:
                await lock_name(tx, f"saved_forms/{network}")
            values = (page, box, now, now + BROWSER_LIFETIME, browser, network, self.per_network)
            is_saved = row_count(await tx.execute(INSERT, token_hash(form_id), *values)) == 1
            if is_saved:
                await tx.execute(DELETE_SURPLUS, browser, MAX_PER_BROWSER)
        if not is_saved:
            log.warning(
                "A network has too many saved forms.",
                action="excess_rate_limit_exceeded",
                limit="saved_forms",
                network=network,
            )
        return form_id if is_saved else None

    async def find(self, form_id: str, page: str, owner: FormOwner) -> Form | None:
        """The form of an id; None where it is unknown, has expired, or is somebody else's."""
        if not REFERENCE.fullmatch(form_id):
            return None
        async with acquire(self.pool) as connection:
            values = (token_hash(form_id), page, token_hash(owner.browser), self.clock())
            row = await connection.fetchrow(FIND, *values)
        return None if row is None else self._open(row["box"], _context(page, owner))

    async def save_for_account(self, form: Form, page: str, account_id: str) -> bool:
        """Save a form for an account, in place of its former one of that page; False where it is
        too long.
        """
        now, box = self.clock(), self._seal(form, _account_context(page, account_id))
        if box is None:
            return False
        async with acquire(self.pool) as connection:
            values = (token_hash(new_token()), page, box, now, now + ACCOUNT_LIFETIME)
            await connection.execute(UPSERT_OF_ACCOUNT, *values, account_id)
        return True

    async def find_for_account(self, page: str, account_id: str) -> Form | None:
        """The form that an account has on a page; None where it has none."""
        async with acquire(self.pool) as connection:
            row = await connection.fetchrow(FIND_OF_ACCOUNT, account_id, page, self.clock())
        if row is None:
            return None
        return self._open(row["box"], _account_context(page, account_id))

    async def delete_for_account(self, page: str, account_id: str) -> None:
        """The form was sent: its page is empty again."""
        sql = "delete from saved_forms where account_id = $1 and page = $2"
        await self._execute(sql, account_id, page)

    async def delete_of_browser(self, browser: str) -> None:
        """The person at this browser has finished: nothing of it is shown any more."""
        await self._execute("delete from saved_forms where browser_hash = $1", token_hash(browser))

    async def purge(self) -> int:
        """Delete expired rows; returns how many."""
        return await self._execute("delete from saved_forms where expires_at <= $1", self.clock())

    def _seal(self, form: Form, context: str) -> str | None:
        kept = replace(
            form, request_fields={}, errors={}, alert=None
        )  # `texts` has both in all languages
        box = self.sealed_state.seal(msgspec.json.encode(kept).decode(), context)
        return box if len(box) <= MAX_CHARACTERS else None

    def _open(self, box: str, context: str) -> Form | None:
        text = self.sealed_state.open(box, context)
        return None if text is None else msgspec.json.decode(text, type=Form)

    async def _execute(self, sql: str, *values: object) -> int:
        async with acquire(self.pool) as connection:
            return row_count(await connection.execute(sql, *values))


SAVED_FORMS = web.AppKey("saved_forms", SavedForms)


def _context(page: str, owner: FormOwner) -> str:
    return f"form of {page} for browser {owner.browser} and account {owner.account_id}"


def _account_context(page: str, account_id: str) -> str:
    return f"form of {page} for account {account_id}"
