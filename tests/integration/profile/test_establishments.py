"""Lookups of a SIRET: while typing, when saving, and their cache (B-07, SI-06, SI-07)."""

from uuid import uuid4

import pytest

from services.profile import directory, establishment_lookup
from services.profile.service import purge
from shared.contracts.profile.events import AccountValidated, EstablishmentCheckDeferred
from shared.contracts.profile.requests import FindEstablishment, ValidateProfile
from shared.contracts.profile.views import EstablishmentView
from shared.database import transaction
from tests.support.harness.profile import ProfileHarness, warnings_of
from tests.support.harness.profile_forms import BELGIAN, FRENCH, but
from tests.support.harness.profile_settings import settings
from tests.support.servers.company_directory import (
    BRANCH,
    CLOSED,
    HEAD_OFFICE,
    HIDDEN,
    HOSPITAL,
    UNKNOWN,
    CompanyDirectory,
    hangs,
    responds,
)


async def find(harness: ProfileHarness, siret: str) -> EstablishmentView:
    view: EstablishmentView = await harness.ask(FindEstablishment(siret=siret))
    return view


@pytest.mark.parametrize(
    ("typed", "code"),
    [("73282932000079", "wrong_key"), ("1234", "wrong_length"), ("", "wrong_length"),
     ("7" * 100_000, "wrong_length")],
)  # fmt: skip
async def test_b_07_a_wrong_number_is_refused_without_a_lookup(
    with_directory: tuple[ProfileHarness, CompanyDirectory], typed: str, code: str
) -> None:
    harness, server = with_directory
    view = await find(harness, typed)
    assert view.state == "invalid"
    assert view.error is not None
    assert (view.error.field, view.error.code) == ("siret", code)
    assert server.asked == []


async def test_si_07_the_directory_is_off_by_default(harness: ProfileHarness) -> None:
    assert await find(harness, "732 829 320 00074") == EstablishmentView(state="off")
    saved = await harness.save(str(uuid4()))
    assert warnings_of(saved) == []
    assert await harness.deferred() == []


async def test_b_07_si_08_what_the_directory_knows_is_a_suggestion(
    with_directory: tuple[ProfileHarness, CompanyDirectory],
) -> None:
    harness, server = with_directory
    assert await find(harness, "732 829 320 00074") == EstablishmentView(
        state="found",
        company_name="LABORATOIRE D'ETE",
        address="12 BIS RUE DE L'EGLISE",
        address_extra="BATIMENT B",
        postal_code="75015",
        city="PARIS",
    )
    assert (await find(harness, HOSPITAL)).hospital_pharmacy
    closed = await find(harness, CLOSED)
    assert (closed.state, closed.closed_on) == ("closed", "2024-05-31")
    assert await find(harness, HIDDEN) == await find(harness, UNKNOWN)
    assert (await find(harness, UNKNOWN)).state == "unlisted"
    assert server.sirets == [HEAD_OFFICE, HOSPITAL, CLOSED, HIDDEN, UNKNOWN]


async def test_si_07_a_record_is_cached_for_a_day(
    with_directory: tuple[ProfileHarness, CompanyDirectory],
) -> None:
    harness, server = with_directory
    first = await find(harness, HEAD_OFFICE)
    harness.advance(hours=23, minutes=59)
    assert await find(harness, HEAD_OFFICE) == first
    assert len(server.asked) == 1
    harness.advance(minutes=1)
    assert await find(harness, HEAD_OFFICE) == first
    assert len(server.asked) == 2


async def test_si_07_expired_records_and_too_many_are_purged(
    with_directory: tuple[ProfileHarness, CompanyDirectory],
) -> None:
    harness, _ = with_directory
    await find(harness, HEAD_OFFICE)
    harness.advance(hours=12)
    await find(harness, BRANCH)
    harness.advance(hours=12)
    await purge(harness.pool, harness.now, settings().draft_retention)
    assert [row["siret"] for row in await harness.fetch("SELECT siret FROM directory_answers")] == [
        BRANCH
    ]
    harness.advance(hours=1)
    await find(harness, CLOSED)
    async with transaction(harness.pool) as tx:
        await establishment_lookup.delete_expired(tx, harness.now, max_rows=1)
    (stored,) = await harness.fetch("SELECT siret, xmax = 0 AS untouched FROM directory_answers")
    assert (stored["siret"], stored["untouched"]) == (CLOSED, True)


async def test_si_07_a_missing_answer_is_not_cached(
    with_directory: tuple[ProfileHarness, CompanyDirectory],
) -> None:
    harness, server = with_directory
    server.turns = [responds(404)]
    assert (await find(harness, HEAD_OFFICE)).state == "deferred"
    assert (await find(harness, HEAD_OFFICE)).state == "found"


async def test_si_06_a_closed_establishment_is_saved_and_asks_for_a_reason(
    with_directory: tuple[ProfileHarness, CompanyDirectory],
) -> None:
    harness, _ = with_directory
    account, form = str(uuid4()), but(FRENCH, siret=CLOSED)
    saved = await harness.save(account, form)
    assert warnings_of(saved) == [("siret", "closed")]
    assert saved.warnings[0].params == {"date": "2024-05-31"}
    refusal = await harness.refusal(ValidateProfile(account_id=account, version=1))
    assert [(one.field, one.code) for one in refusal.errors] == [("closed_reason", "missing")]
    saved = await harness.save(account, but(form, closed_reason="Transfert en cours"))
    await harness.validate(account, saved.version)
    ((_, event),) = await harness.account_events(AccountValidated)
    assert (event.flags, event.closed_reason) == (("closed_establishment",), "Transfert en cours")


@pytest.mark.parametrize("siret", [UNKNOWN, HIDDEN])
async def test_si_06_an_unlisted_establishment_is_accepted_and_flagged(
    with_directory: tuple[ProfileHarness, CompanyDirectory], siret: str
) -> None:
    harness, _ = with_directory
    account = str(uuid4())
    saved = await harness.save(account, but(FRENCH, siret=siret))
    assert warnings_of(saved) == [("siret", "unlisted")]
    await harness.validate(account, saved.version)
    ((_, event),) = await harness.account_events(AccountValidated)
    assert event.flags == ("unlisted_establishment",)


@pytest.mark.parametrize(
    "always",
    [
        responds(429, Retry_After="0"),
        responds(500),
        responds(302, Location="http://10.0.0.1/"),
        hangs(),
    ],
)
async def test_si_07_a_missing_answer_stops_neither_saving_nor_validating(
    with_directory: tuple[ProfileHarness, CompanyDirectory],
    always: object,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(directory, "INTERACTIVE", directory.Timeouts(wait=0.2, response=0.2))
    harness, server = with_directory
    server.always = always
    account = str(uuid4())
    saved = await harness.save(account)
    assert warnings_of(saved) == [("siret", "check_deferred")]
    event = EstablishmentCheckDeferred(siret=HEAD_OFFICE, deferred_at=harness.now)
    assert await harness.deferred() == [(account, event)]
    assert (await harness.validate(account, saved.version)).state == "validated"
    ((_, validated),) = await harness.account_events(AccountValidated)
    assert validated.flags == ("check_deferred",)
    assert len(await harness.deferred()) == 1


async def test_a_deferred_lookup_is_published_once_per_number(
    with_directory: tuple[ProfileHarness, CompanyDirectory],
) -> None:
    harness, server = with_directory
    server.always = responds(404)
    account = str(uuid4())
    for form in (FRENCH, but(FRENCH, city="Lyon"), but(FRENCH, siret=BRANCH), BELGIAN, FRENCH):
        await harness.save(account, form)
    assert [event.siret for _, event in await harness.deferred()] == [
        HEAD_OFFICE,
        BRANCH,
        HEAD_OFFICE,
    ]


async def test_an_earlier_result_stays_while_there_is_no_answer(
    with_directory: tuple[ProfileHarness, CompanyDirectory],
) -> None:
    harness, server = with_directory
    account, form = str(uuid4()), but(FRENCH, siret=CLOSED)
    await harness.save(account, form)
    harness.advance(days=2)
    server.always = responds(404)
    assert warnings_of(await harness.save(account, form)) == [("siret", "closed")]
    assert await harness.deferred() == []


@pytest.mark.parametrize(
    ("siret", "name", "city"),
    [(BRANCH, "LABORATOIRE D'ETE", "LYON CEDEX 09"), (HIDDEN, "", ""), (UNKNOWN, "", ""),
     (CLOSED, "LA POSTE", "PARIS")],
)  # fmt: skip
async def test_t_02_what_was_filled_in_follows_the_number(
    with_directory: tuple[ProfileHarness, CompanyDirectory], siret: str, name: str, city: str
) -> None:
    """Without scripts: the form is sent with the other number, all else as it was shown."""
    harness, _ = with_directory
    account = str(uuid4())
    filled = but(
        FRENCH,
        siret=HEAD_OFFICE,
        company_name="LABORATOIRE D'ETE",
        city="PARIS",
        filled_in=f"{HEAD_OFFICE} company_name city",
    )
    await harness.save(account, filled)
    saved = harness.form(await harness.save(account, but(filled, siret=siret)))
    assert (saved.company_name, saved.city) == (name, city)
    assert saved.address == FRENCH.address, "typed by somebody"
    again = harness.form(await harness.save(account, saved))
    assert again == saved
