"""The desk's search among accounts, and their records (B-05)."""

from datetime import timedelta
from uuid import uuid4

import pytest

from services.registration import account_search_store
from shared.contracts.account_search import MAX_DESCRIBED, MAX_FOUND, FoundAccountsView
from shared.contracts.registration.desk import AccountRecord, DescribeAccounts, SearchAccounts
from shared.database.word_search import FIRST_ROWS
from shared.domain.account_records import open_records
from shared.security.sealing import Opener
from tests.support.harness.registration import RegistrationHarness
from tests.support.plans import CountingConnection
from tests.support.search_table import ADDRESSES, NAMES

INSERT = """
INSERT INTO accounts (id, address, address_key, first_name, last_name, language, created_at,
    verified_at)
VALUES ($1, $2, lower($2), $3, $4, 'fr', $5, $5)
"""
#: Among so many nobody reads a table from end to end unnoticed.
MANY = """
INSERT INTO accounts (id, address, address_key, first_name, last_name, language, created_at,
    verified_at)
SELECT gen_random_uuid(), n || '@autre.fr', n || '@autre.fr', 'Jeanne', 'Nombreux' || n % 100, 'fr',
    now(), now()
FROM generate_series(1, 20000) AS n
"""


async def add(
    harness: RegistrationHarness,
    address: str = "pierre.durand@labo.fr",
    first_name: str = "Pierre",
    last_name: str = "Durand",
) -> str:
    account_id = str(uuid4())
    await harness.fetch(INSERT, account_id, address, first_name, last_name, harness.now)
    return account_id


async def search(harness: RegistrationHarness, kind: str, typed: str) -> FoundAccountsView:
    sealed = harness.seal(SearchAccounts, "text", typed)
    view: FoundAccountsView = await harness.ask(SearchAccounts(kind=kind, text=sealed))
    return view


async def test_b_05_names_are_found_whatever_way_they_are_typed(
    harness: RegistrationHarness,
) -> None:
    people = dict.fromkeys((first, last) for first, last, _typed, _found in NAMES)
    ids = {
        person: await add(harness, f"n{number}@labo.fr", *person)
        for number, person in enumerate(people)
    }
    for first, last, typed, expected in NAMES:
        found = {one.account_id for one in (await search(harness, "name", typed)).found}
        assert (ids[first, last] in found) == expected, (first, last, typed)


async def test_b_05_addresses_are_found_whole_by_beginning_and_by_domain(
    harness: RegistrationHarness,
) -> None:
    await add(harness, "jean@autre.fr")
    ids = {
        address: await add(harness, address) for address in dict.fromkeys(r[0] for r in ADDRESSES)
    }
    for address, typed, expected in ADDRESSES:
        found = [one.account_id for one in (await search(harness, "address", typed)).found]
        assert found == ([ids[address]] if expected else []), (address, typed)


async def test_b_05_exact_ones_come_first_and_at_most_fifty(harness: RegistrationHarness) -> None:
    await add(harness, "pierre@labo.france.example")
    exact = await add(harness, "pierre@labo.fr")
    view = await search(harness, "address", "pierre@labo.fr")
    assert [one.exact for one in view.found] == [True, False]
    assert (view.found[0].account_id, view.more) == (exact, False)
    for number in range(MAX_FOUND + 1):
        await add(harness, f"many{number}@labo.fr", "Marie", "Beaucoup")
    view = await search(harness, "name", "beaucoup")
    assert (len(view.found), view.more) == (MAX_FOUND, True)


@pytest.mark.parametrize(
    ("kind", "typed", "slug"),
    [
        ("telephone", "pierre", "unknown_choice"),
        ("name", " ", "invalid_fields"),
        ("name", "x" * 201, "invalid_fields"),
        ("name", "a\0b", "invalid_fields"),
        ("name", "a" + "\u0301" * 40, "invalid_fields"),
    ],
)
async def test_what_cannot_be_searched_is_refused(
    harness: RegistrationHarness, kind: str, typed: str, slug: str
) -> None:
    sealed = harness.seal(SearchAccounts, "text", typed)
    assert await harness.outcome(SearchAccounts(kind=kind, text=sealed)) == slug


async def test_records_are_sealed_for_support_with_the_state(
    harness: RegistrationHarness,
) -> None:
    account_id, other = await add(harness), await add(harness, "anne@labo.fr", "Anne", "Roy")
    at = harness.now + timedelta(days=1)
    sql = "UPDATE accounts SET state = 'frozen', frozen_at = $2, desk_only = true WHERE id = $1"
    await harness.fetch(sql, other, at)
    ids = (account_id, other, str(uuid4()), "no id")
    view = await harness.ask(DescribeAccounts(account_ids=ids))
    assert b"durand" not in repr(view).lower().encode()
    opener = Opener("support", harness.deps.settings.support_keys)
    records = {one.account_id: one for one in open_records(opener, view, AccountRecord)}
    assert records.keys() == {account_id, other}
    assert records[account_id].state == "active"
    assert not records[account_id].has_password
    assert (records[other].support_only, records[other].frozen_at) == (True, at)
    too_many = DescribeAccounts(account_ids=tuple(str(uuid4()) for _ in range(MAX_DESCRIBED + 1)))
    assert await harness.outcome(too_many) == "too_many"


async def test_no_search_reads_every_account(harness: RegistrationHarness) -> None:
    """Whatever the planner hopes for: the table is large, and nobody or everybody matches."""
    await harness.fetch(MANY)
    searches = (
        *(("address", key) for key in ("personne@nulle.fr", "12345@autre.fr", "9", "@nulle.fr")),
        *(
            ("name", typed)
            for typed in ("personne", "jeanne", "jeanne nombreux7", "jea nombreux77")
        ),
    )
    async with harness.pool.acquire() as connection:
        counting = CountingConnection(connection)
        for kind, typed in searches:
            find = account_search_store.find_by_address
            if kind == "name":
                find = account_search_store.find_by_name
            await find(counting, typed)  # type: ignore[arg-type]
    assert counting.read
    for sql, rows in counting.read:
        assert rows <= 2 * FIRST_ROWS, (sql, rows)
