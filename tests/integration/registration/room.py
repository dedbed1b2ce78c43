"""Registration's handlers on a real database, without a broker: ask, look, move the clock.

`Room.ask` does what the responder does: what takes long first, then the handler in one
transaction. Events are read from the outbox, and their secrets opened as the mailer would.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import msgspec

from services.registration.deps import Deps
from services.registration.service import SERVICE, build
from shared.contracts import registration as words
from shared.contracts.base import EVENTS, Event, Refusal, Request, Sealed
from shared.database import Pool, open_pool, transaction
from shared.messaging.envelope import Envelope
from shared.messaging.handlers import Context, Refused, Refusing, RequestContext
from shared.outbox import emit
from shared.secrets import Opener, Sealer, seal_context
from shared.service import House
from tests.support.servers import Database
from tests.unit.registration.settings_for_tests import settings

PASSWORD = "Kvfz9rLq"
OTHER_PASSWORD = "Wmqt4xZh"
NETWORK = "192.0.2.0/24"
TABLES = ("requests", "mailed_links", "accounts", "counters", "outbox", "inbox", "replies")
#: A day in the past, so that no test waits for it.
START = datetime(2026, 1, 15, 12, tzinfo=UTC)


@dataclass
class Room:
    """One registration with a clock of the test's own."""

    pool: Pool
    deps: Deps
    now: datetime
    sealer: Sealer
    mailbox: Opener
    rows: dict[str, Any] = field(default_factory=dict)

    def clock(self) -> datetime:
        """The test's moment."""
        return self.now

    def later(self, **length: float) -> None:
        """Let time pass."""
        self.now += timedelta(**length)

    def seal(self, kind: type[Request], field_name: str, plain: str) -> Sealed:
        """What the gateway would put into a sealed field."""
        return self.sealer.seal(plain, seal_context(kind, field_name))

    async def ask(self, request: Request) -> Any:
        """The reply, or `Refused`."""
        return await self.carry_out(request, await self.prepare(request))

    async def prepare(self, request: Request) -> Any:
        """What takes long, outside the transaction."""
        before = self.rows[request.TYPE].before
        return None if before is None else await before(request, self.deps, self.pool)

    async def carry_out(self, request: Request, prepared: Any) -> Any:
        """The rest, in the transaction: the reply, or `Refused`."""
        async with transaction(self.pool) as tx:
            context = RequestContext(**self._parts(tx, request.TYPE), prepared=prepared)
            reply = await self.rows[request.TYPE].handler(request, context)
        if isinstance(reply, Refusing):
            raise Refused(reply.refusal)
        return reply

    async def refusal(self, request: Request) -> Refusal:
        """The refusal that a request must get."""
        try:
            reply = await self.ask(request)
        except Refused as refused:
            return refused.refusal
        raise AssertionError(f"not refused: {reply!r}")

    async def hear(self, event: Event, subject: str | None = None) -> None:
        """Handle an event of another service, about an account."""
        (row,) = (each for each in SERVICE.hears if each.event is type(event))
        async with transaction(self.pool) as tx:
            await row.handler(event, Context(**self._parts(tx, event.TYPE, subject)))

    async def events(self, *kinds: type[Event]) -> list[Any]:
        """Every event said so far, oldest first, of these kinds or of any."""
        return [event for _, _, event in await self.said(*kinds)]

    async def said(self, *kinds: type[Event]) -> list[tuple[str, str | None, Any]]:
        """(message id, subject, event), oldest first."""
        rows = await self.fetch("SELECT message_id, body FROM outbox ORDER BY id")
        found = []
        for row in rows:
            envelope = msgspec.json.decode(row["body"])
            kind = EVENTS[envelope["type"]]
            if not kinds or kind in kinds:
                event = msgspec.convert(envelope["data"], kind)
                found.append((str(row["message_id"]), envelope.get("subject"), event))
        return found

    async def letters(self) -> list[tuple[str, str]]:
        """(code, link token) of every message asked for, oldest first."""
        sent = await self.events(words.AccountRequested, words.ValidationResent)
        return [
            (
                self.mailbox.open(each.code, seal_context(type(each), "code")),
                self.mailbox.open(each.link_token, seal_context(type(each), "link_token")),
            )
            for each in sent
        ]

    async def fetch(self, sql: str, *args: Any) -> list[Any]:
        """Rows of the service's own schema."""
        async with transaction(self.pool) as tx:
            return list(await tx.fetch(sql, *args))

    async def count(self, table: str) -> int:
        """How many rows a table has."""
        return int((await self.fetch(f"SELECT count(*) AS n FROM {table}"))[0]["n"])

    # What people do.

    async def request(self, address: str = "pierre@labo.fr", **changes: Any) -> words.RequestView:
        """Ask for an account."""
        return await self.ask(self.form(address, **changes))

    def form(
        self,
        address: str = "pierre@labo.fr",
        *,
        password: str = PASSWORD,
        first_name: str = "Pierre",
        last_name: str = "Durand",
        network: str = NETWORK,
        language: str = "fr",
    ) -> words.RequestAccount:
        """The account form."""
        return words.RequestAccount(
            first_name=first_name,
            last_name=last_name,
            address=address,
            password=self.seal(words.RequestAccount, "password", password),
            language=language,
            network=network,
        )

    def code(self, request_id: str, code: str) -> words.VerifyCode:
        """A code typed in."""
        return words.VerifyCode(
            request_id=request_id, code=self.seal(words.VerifyCode, "code", code)
        )

    def link(
        self, token: str, request_id: str | None = None, password: str | None = None
    ) -> words.VerifyLink:
        """The button of a link's page."""
        kind = words.VerifyLink
        return kind(
            link_token=self.seal(kind, "link_token", token),
            request_id=request_id,
            password=None if password is None else self.seal(kind, "password", password),
        )

    def open_link(self, token: str, request_id: str | None = None) -> words.DescribeLink:
        """A link opened."""
        sealed = self.seal(words.DescribeLink, "link_token", token)
        return words.DescribeLink(link_token=sealed, request_id=request_id)

    def sign_in(
        self, address: str, password: str, network: str = NETWORK, known: tuple[str, ...] = ()
    ) -> words.SignIn:
        """The sign-in form, in a browser that is known for these accounts."""
        sealed = self.seal(words.SignIn, "password", password)
        return words.SignIn(address=address, password=sealed, network=network, known_accounts=known)

    def correct(
        self, request_id: str, address: str, password: str = PASSWORD, network: str = NETWORK
    ) -> words.CorrectAddress:
        """The form that corrects an address."""
        return words.CorrectAddress(
            request_id=request_id,
            address=address,
            password=self.seal(words.CorrectAddress, "password", password),
            language="fr",
            network=network,
        )

    def resend(self, request_id: str, network: str = NETWORK) -> words.ResendValidation:
        """« Envoyer un autre message »."""
        return words.ResendValidation(request_id=request_id, language="fr", network=network)

    def accept(self, request_id: str, language: str = "fr") -> words.AcceptTerms:
        """« J'accepte », for the terms in force."""
        terms = self.deps.terms[language]
        return words.AcceptTerms(
            request_id=request_id,
            terms_version=terms.version,
            terms_sha256=terms.sha256,
            language=language,
        )

    async def verified(self, address: str = "pierre@labo.fr", **changes: Any) -> str:
        """A request whose address is proved; returns its id."""
        view = await self.request(address, **changes)
        code, _ = (await self.letters())[-1]
        await self.ask(self.code(view.request_id, code))
        return view.request_id

    async def account(self, address: str = "pierre@labo.fr", **changes: Any) -> str:
        """An account; returns its id."""
        request_id = await self.verified(address, **changes)
        await self.ask(self.accept(request_id))
        return str((await self.said(words.AccountCreated))[-1][1])

    def _parts(self, tx: Any, kind: str, subject: str | None = None) -> dict[str, Any]:
        async def say(event: Event, *, subject: str | None) -> str:
            return await emit(tx, SERVICE.name, event, subject=subject, now=self.now)

        envelope = Envelope(
            id=str(uuid4()), source="impex/gateway", type=kind, subject=subject, time=self.now,
            traceparent=None, data=msgspec.Raw(b"{}"),
        )  # fmt: skip
        return {
            "tx": tx,
            "deps": self.deps,
            "envelope": envelope,
            "now": self.clock,
            "_emit": say,
        }


@asynccontextmanager
async def open_room(database: Database, **more: str) -> AsyncIterator[Room]:
    """A room on a database whose tables it empties first; `more` are settings."""
    chosen = settings(IMPEX_REGISTRATION_DATABASE_URL=database.url("registration"), **more)
    pool = await open_pool(chosen.database_url, "registration", "tests", 10)
    async with transaction(pool) as tx:
        for table in TABLES:
            await tx.execute(f"DELETE FROM {table}")
    room: Room
    house = House(name="registration", settings=chosen, pool=pool, clock=lambda: room.now)
    try:
        async with build(house, chosen) as deps:
            room = Room(
                pool=pool,
                deps=deps,
                now=START,
                sealer=Sealer("registration", chosen.seal_keys),
                mailbox=Opener("mailer", chosen.mailer_keys),
                rows={row.request.TYPE: row for row in SERVICE.answers},
            )
            yield room
    finally:
        await pool.close()
