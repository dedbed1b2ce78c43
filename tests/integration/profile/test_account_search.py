"""The desk's search among establishments and telephones, and what was declared (B-05)."""

from dataclasses import dataclass
from uuid import uuid4

import msgspec
import pytest

from services.profile import account_search_store
from shared.contracts.account_search import MAX_DESCRIBED, FoundAccountsView
from shared.contracts.profile.desk import DescribeAccounts, ProfileRecord, SearchAccounts
from shared.contracts.profile.views import ProfileFields
from shared.database.word_search import FIRST_ROWS
from shared.domain.account_records import open_records
from shared.security.seal_keys import SealRing
from shared.security.sealing import Opener
from tests.support.harness.profile import ProfileHarness
from tests.support.harness.profile_forms import FRENCH
from tests.support.harness.profile_settings import KEYS
from tests.support.plans import CountingConnection
from tests.support.search_table import ESTABLISHMENTS, PHONES, SIRETS

#: Among so many nobody reads a table from end to end unnoticed.
MANY = """
INSERT INTO profiles (account_id, version, fields, siret, saved_at)
SELECT gen_random_uuid(), 1, jsonb_build_object('company_name', 'Pharmacie ' || n % 100,
    'city', 'Lyon', 'phone', '+334' || lpad(n::text, 8, '0')), lpad(n::text, 14, '1'), now()
FROM generate_series(1, 20000) AS n
"""


@dataclass(frozen=True)
class Searching:
    """A draft of an account, and searches for it."""

    harness: ProfileHarness
    account_id: str

    async def finds(self, kind: str, typed: str) -> bool:
        view = await search(self.harness, kind, typed)
        return self.account_id in {one.account_id for one in view.found}


async def search(harness: ProfileHarness, kind: str, typed: str) -> FoundAccountsView:
    sealed = harness.seal(SearchAccounts, "text", typed)
    view: FoundAccountsView = await harness.ask(SearchAccounts(kind=kind, text=sealed))
    return view


async def declared(harness: ProfileHarness, **changes: str) -> Searching:
    account_id = str(uuid4())
    await harness.save(account_id, msgspec.structs.replace(FRENCH, **changes))
    return Searching(harness, account_id)


async def test_b_05_establishments_are_found_whatever_way_they_are_typed(
    harness: ProfileHarness,
) -> None:
    for company, city, postal_code, typed, expected in ESTABLISHMENTS:
        one = await declared(harness, company_name=company, city=city, postal_code=postal_code)
        assert await one.finds("establishment", typed) == expected, (company, typed)


async def test_b_05_telephones_are_found_in_every_form(harness: ProfileHarness) -> None:
    for phone, typed, expected in PHONES:
        one = await declared(harness, phone=phone)
        assert await one.finds("phone", typed) == expected, (phone, typed)


async def test_b_05_sirets_are_found_with_blanks_and_by_company(harness: ProfileHarness) -> None:
    one = await declared(harness, siret="73282932000074")
    for typed, expected in SIRETS:
        assert await one.finds("siret", typed) == expected, typed
    colleague = await declared(harness, siret="73282932000074")
    view = await search(harness, "siret", "73282932000074")
    assert {(found.account_id, found.exact) for found in view.found} == {
        (one.account_id, True),
        (colleague.account_id, True),
    }


async def test_records_are_sealed_for_support(harness: ProfileHarness) -> None:
    one = await declared(harness, phone="01 23 45 42 17", siret="73282932000074")
    ids = (one.account_id, str(uuid4()), "no id")
    view = await harness.ask(DescribeAccounts(account_ids=ids))
    assert FRENCH.company_name not in repr(view)
    opener = Opener("support", SealRing.parse(KEYS["IMPEX_SEAL_KEYS_SUPPORT"]))
    (record,) = open_records(opener, view, ProfileRecord)
    assert (record.account_id, record.state, record.siret) == (
        one.account_id,
        "draft",
        "73282932000074",
    )
    assert isinstance(record.fields, ProfileFields)
    too_many = DescribeAccounts(account_ids=tuple(str(uuid4()) for _ in range(MAX_DESCRIBED + 1)))
    assert await harness.outcome(too_many) == "too_many"


@pytest.mark.parametrize(("kind", "typed"), [("name", "pierre"), ("siret", ""), ("phone", "1\0")])
async def test_what_cannot_be_searched_is_refused(
    harness: ProfileHarness, kind: str, typed: str
) -> None:
    sealed = harness.seal(SearchAccounts, "text", typed)
    slug = await harness.outcome(SearchAccounts(kind=kind, text=sealed))
    assert slug == ("unknown_choice" if kind == "name" else "invalid_fields")


async def test_no_search_reads_every_profile(harness: ProfileHarness) -> None:
    """Whatever the planner hopes for: the table is large, and nobody or everybody matches."""
    await harness.fetch(MANY)
    async with harness.pool.acquire() as connection:
        counting = CountingConnection(connection)
        for typed in ("nulle part", "pharmacie lyon", "phar lyon 77"):
            await account_search_store.find_by_establishment(counting, typed)  # type: ignore[arg-type]
        for typed in ("73282932000074", "111111111", "2"):
            await account_search_store.find_by_siret(counting, typed)  # type: ignore[arg-type]
        await account_search_store.find_by_phone(counting, "04 00 01 23 45")  # type: ignore[arg-type]
    assert counting.read
    for sql, rows in counting.read:
        assert rows <= 2 * FIRST_ROWS, (sql, rows)
