"""Approved acts carried out by their owners, over the broker, once each, whatever is killed."""

import json
from collections.abc import AsyncIterator
from typing import Any
from uuid import uuid4

import asyncpg
import pytest
import pytest_asyncio

from tests.support import eventually
from tests.support.servers.system import System

pytestmark = [pytest.mark.timeout(300), pytest.mark.asyncio(loop_scope="package")]

AGENT, COLLEAGUE = (str(uuid4()) for _ in range(2))
ADD_AGENT = """
insert into support.agents (id, address, address_key, first_name, last_name, language, role, state,
    since, password_hash, pepper_key_id,
    joined_at)
values ($1, $2, $2, 'Zoé', 'Martin', 'fr', 'supervisor', 'active', now(), '$argon2id$x', 'k1',
    now())
"""
ADD_ACCOUNT = """
insert into registration.accounts (id, address, address_key, first_name, last_name, language, state,
    created_at, verified_at)
values ($1, $2, $2, 'Pierre', 'Durand', 'fr', 'active', now(), now())
"""
ADD_PASSWORD = """
insert into registration.credentials (account_id, password_hash, pepper_key_id, set_at)
values ($1, '$argon2id$x', 'k1', now())
"""
ADD_PROFILE = """
insert into profile.profiles (account_id, state, version, fields, country, terms_version, terms_at,
    saved_at, validated_at)
values ($1, 'validated', 1, $2, 'BE', '1', now(), now(), now())
"""
ADD_DOSSIER = """
insert into dossiers.dossiers (dossier_id, version, account_id, kind, status, processed,
    number_version, number, number_folded, contents_version, establishment, medicine, dosage,
    pharmaceutical_form, contents_folded, filed_on, decision_version, decided_on)
values ('d1', 1, $1, 'AI', 'filed', false, 0, '', '', 0, '', '', '', '', '', now(), 0, 'infinity')
"""
APPROVE = """
insert into support.proposals (id, act, account_id, reason, details, state, proposed_by,
    proposed_at, approved_by, approved_at, due_at)
values ($1, $2, $3, 'requested_by_person', $4, 'approved', $5, now(), $6, now(), now())
"""
FIELDS = {
    "last_name": "Peeters",
    "first_name": "Lukasz",
    "phone": "+3225284000",
    "position": "responsible_pharmacist",
    "country": "BE",
    "company_name": "Pharma NV",
    "establishment_type": "hospital_pharmacy",
    "postal_code": "1060",
    "address": "Victor Hortaplein 40",
    "city": "Brussel",
    "terms": True,
}


class Desk:
    """Accounts, and acts on them that two agents agreed to."""

    def __init__(self, connection: asyncpg.Connection) -> None:
        self.connection = connection

    async def account(self) -> str:
        """An account with a password."""
        account_id = str(uuid4())
        await self.connection.execute(ADD_ACCOUNT, account_id, f"{account_id}@labo.example")
        await self.connection.execute(ADD_PASSWORD, account_id)
        return account_id

    async def approve(self, act: str, account_id: str, **details: str) -> str:
        """An approved act that is due now."""
        proposal_id, text = str(uuid4()), json.dumps(details)
        await self.connection.execute(APPROVE, proposal_id, act, account_id, text, AGENT, COLLEAGUE)
        return proposal_id

    async def row(self, sql: str, *values: Any) -> dict[str, Any]:
        """One row, as the administrator reads it."""
        return dict(await self.connection.fetchrow(sql, *values) or {})

    async def becomes(self, expected: object, sql: str, *values: Any) -> None:
        """Wait until a statement returns that."""

        async def is_so() -> bool:
            return bool(await self.connection.fetchval(sql, *values) == expected)

        await eventually(is_so, 60, why=f"{sql} is {expected}")


@pytest_asyncio.fixture(loop_scope="package")
async def desk(system: System) -> AsyncIterator[Desk]:
    """Two supervisors and no account yet."""
    connection = await asyncpg.connect(system.database.admin_url)
    for agent in (AGENT, COLLEAGUE):
        await connection.execute(ADD_AGENT, agent, f"{agent}@ansm.example")
    yield Desk(connection)
    await connection.close()


async def test_ot_15_each_act_reaches_its_owner(system: System, desk: Desk) -> None:
    state = "select state from registration.accounts where id = $1"
    leaver, renamed, moved, blocked, leaked, nobody = [await desk.account() for _ in range(6)]
    await desk.connection.execute(ADD_PROFILE, renamed, json.dumps(FIELDS))
    await desk.connection.execute("set search_path = dossiers")
    await desk.connection.execute(ADD_DOSSIER, leaver)
    async with system.run("support", "registration", "profile", "dossiers"):
        await desk.approve("transfer_dossiers", leaver, to_account_id=renamed)
        await desk.approve("change_name", renamed, first_name="Anne", last_name="Petit")
        await desk.approve("correct_information", renamed, city="Gent")
        await desk.approve("change_address", moved, new_address="marie@labo.fr")
        await desk.approve("block_account", blocked)
        await desk.approve("mark_password_compromised", leaked)
        await desk.approve("anonymise", nobody)
        await desk.becomes(
            renamed, "select account_id::text from dossiers.dossiers where dossier_id = 'd1'"
        )
        name = "select last_name from registration.accounts where id = $1"
        await desk.becomes("Petit", name, renamed)
        city = "select fields ->> 'city' from profile.profiles where account_id = $1"
        await desk.becomes("Gent", city, renamed)
        address = "select address from registration.accounts where id = $1"
        await desk.becomes("marie@labo.fr", address, moved)
        await desk.becomes("frozen", state, blocked)
        reset = "select reset_required from registration.credentials where account_id = $1"
        await desk.becomes(True, reset, leaked)
        await desk.becomes("-", name, nobody)
        await desk.approve("deactivate_account", leaver)
        await desk.becomes("deactivated", state, leaver)
        await desk.approve("release_address", leaver)
        await desk.becomes("", address, leaver)
        refused = await desk.approve("reactivate_account", leaver)
        failure = "select failure from support.proposals where id = $1"
        await desk.becomes("wrong_state", failure, refused)
        await desk.approve("unblock_account", blocked)
        only = "select desk_only from registration.accounts where id = $1"
        await desk.becomes(False, only, blocked)
    states = await desk.connection.fetch("select act, state from support.proposals")
    assert {row["state"] for row in states if row["act"] != "reactivate_account"} == {"done"}


async def test_mq_07_killed_between_approved_and_done_each_act_happens_once(
    system: System, desk: Desk
) -> None:
    accounts = [await desk.account() for _ in range(60)]
    for account_id in accounts:
        await desk.approve("deactivate_account", account_id)
    done = "select count(*) from support.proposals where state = 'done'"
    async with system.run("registration"):
        for enough in (1, 25):
            support = system.spawn("support")

            async def has_begun(enough: int = enough) -> bool:
                return bool(await desk.connection.fetchval(done) >= enough)

            await eventually(has_begun, 60, why="acts are being carried out")
            support.kill()
        system.spawn("support")
        await desk.becomes(60, done)
        left = "select count(*) from registration.accounts where state = 'active'"
        await desk.becomes(0, left)
        # A second order would be answered: the account is deactivated already.
        waiting = "select count(*) from support.outbox"
        await desk.becomes(0, waiting)
    failed = await desk.connection.fetchval(
        "select count(*) from support.proposals where state = 'failed'"
    )
    assert failed == 0
    closed = "select count(*) from registration.inbox"
    assert await desk.connection.fetchval(closed) >= 60
