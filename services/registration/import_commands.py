"""An agency's existing users as accounts without credentials, each with a « code de reprise ».

The person creates the account with the same address and gives the code, as after a lost phone
(G-26): a mailbox alone joins nothing, and the terms are accepted then. Nothing is mailed.
"""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from uuid import uuid4

from services.registration import account_import_store
from services.registration.account_imports import HandedCode, NewAccount, Person, Plan
from services.registration.resumption import ResumptionCode, code_binding
from shared.contracts.registration.events import OWNER, AccountImported
from shared.database import Connection
from shared.domain.resumption_codes import make_resumption_code
from shared.outbox import emit_all
from shared.security.sealing import KeyRing, keyed_hash

#: Accounts written at once.
BATCH = 1_000


async def plan(tx: Connection, persons: Sequence[Person], *, renew: bool) -> Plan:
    """What the import of these persons would do. `renew`: an account that was imported before and
    never joined gets another code instead of being taken."""
    keys = [one.address.key for one in persons]
    found = await account_import_store.find_taken(tx, keys)
    if renew:
        # Nobody joins one of them from here on; read again, since somebody may have just now.
        await account_import_store.lock_accounts(tx, [each for each in found.values() if each])
        found = await account_import_store.find_taken(tx, keys)
    new, renewed, taken = [], [], []
    for one in persons:
        account_id = found.get(one.address.key)
        if one.address.key not in found:
            new.append(NewAccount(id=str(uuid4()), person=one))
        elif renew and account_id is not None:
            renewed.append(NewAccount(id=account_id, person=one))
        else:
            taken.append(one)
    return Plan(new=tuple(new), renewed=tuple(renewed), taken=tuple(taken))


async def carry_out(
    tx: Connection,
    planned: Plan,
    *,
    keys: KeyRing,
    valid_for: timedelta,
    now: datetime,
    below: Callable[[int], int],
) -> list[HandedCode]:
    """Make the accounts and all codes in `tx`, and return the codes in the order of the file.

    `below(n)` returns a secure random number from 0 to n - 1. asyncpg's UniqueViolationError where
    an address got an account meanwhile.
    """
    accounts = sorted((*planned.new, *planned.renewed), key=lambda one: one.person.line)
    new = {one.id for one in planned.new}
    handed: list[HandedCode] = []
    for at in range(0, len(accounts), BATCH):
        batch = accounts[at : at + BATCH]
        made = [one for one in batch if one.id in new]
        codes = [make_resumption_code(below) for _ in batch]
        await account_import_store.insert_accounts(tx, made, now)
        stored = [
            _stored(account.id, code, keys, now, now + valid_for)
            for account, code in zip(batch, codes, strict=True)
        ]
        await account_import_store.save_codes(tx, stored)
        await emit_all(tx, OWNER, [(_event(one.person, now), one.id) for one in made], now=now)
        handed += [
            HandedCode(person=account.person, code=code)
            for account, code in zip(batch, codes, strict=True)
        ]
    return handed


def _stored(
    account_id: str, code: str, keys: KeyRing, now: datetime, expires_at: datetime
) -> ResumptionCode:
    key_id, code_hash = keyed_hash(keys, code_binding(account_id), code)
    return ResumptionCode(
        account_id=account_id,
        code_key_id=key_id,
        code_hash=code_hash,
        told_at=now,
        expires_at=expires_at,
    )


def _event(person: Person, now: datetime) -> AccountImported:
    return AccountImported(
        address=person.address.text,
        first_name=person.first_name,
        last_name=person.last_name,
        language=person.language,
        imported_at=now,
    )
