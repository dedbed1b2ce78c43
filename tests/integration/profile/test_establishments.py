"""What a SIRET says, as it is typed and once more later (B-07, bad inputs 45 and 46)."""

from __future__ import annotations

from uuid import uuid4

import pytest

from services.profile import cache, directory
from services.profile.purge import purge
from shared.contracts.profile import (
    AccountValidated,
    EstablishmentCheckDeferred,
    EstablishmentView,
    FindEstablishment,
    ValidateProfile,
)
from shared.database import transaction
from tests.support.harness.profile import ProfileHarness, warned
from tests.support.harness.profile_forms import BELGIAN, FRENCH, but
from tests.support.servers.company_directory import (
    BRANCH,
    CLOSED,
    HEAD_OFFICE,
    HIDDEN,
    HOSPITAL,
    UNKNOWN,
    CompanyDirectory,
    hangs,
    says,
)


async def find(harness: ProfileHarness, siret: str) -> EstablishmentView:
    view: EstablishmentView = await harness.ask(FindEstablishment(siret=siret))
    return view


@pytest.mark.parametrize(
    ("typed", "code"),
    [("73282932000079", "wrong_key"), ("1234", "wrong_length"), ("", "wrong_length"),
     ("7" * 100_000, "wrong_length")],
)  # fmt: skip
async def test_b_07_a_wrong_number_is_told_without_asking_anybody(
    opened: tuple[ProfileHarness, CompanyDirectory], typed: str, code: str
) -> None:
    harness, server = opened
    view = await find(harness, typed)
    assert view.state == "invalid"
    assert view.error is not None
    assert (view.error.field, view.error.code) == ("siret", code)
    assert server.asked == []


async def test_si_07_the_directory_is_off_by_default(harness: ProfileHarness) -> None:
    assert await find(harness, "732 829 320 00074") == EstablishmentView(state="off")
    saved = await harness.save(str(uuid4()))
    assert warned(saved) == []
    assert await harness.deferred() == []


async def test_b_07_si_08_what_the_directory_knows_is_a_hint(
    opened: tuple[ProfileHarness, CompanyDirectory],
) -> None:
    harness, server = opened
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


async def test_si_07_an_answer_is_kept_for_a_day(
    opened: tuple[ProfileHarness, CompanyDirectory],
) -> None:
    harness, server = opened
    first = await find(harness, HEAD_OFFICE)
    harness.advance(hours=23, minutes=59)
    assert await find(harness, HEAD_OFFICE) == first
    assert len(server.asked) == 1
    harness.advance(minutes=1)
    assert await find(harness, HEAD_OFFICE) == first
    assert len(server.asked) == 2


async def test_si_07_old_answers_and_too_many_are_forgotten(
    opened: tuple[ProfileHarness, CompanyDirectory],
) -> None:
    harness, _ = opened
    await find(harness, HEAD_OFFICE)
    harness.advance(hours=12)
    await find(harness, BRANCH)
    harness.advance(hours=12)
    await purge(harness.pool, harness.now, harness.deps.settings.draft_life)
    assert [row["siret"] for row in await harness.fetch("SELECT siret FROM directory_answers")] == [
        BRANCH
    ]
    harness.advance(hours=1)
    await find(harness, CLOSED)
    async with transaction(harness.pool) as tx:
        await cache.forget(tx, harness.now, most=1)
    (kept,) = await harness.fetch("SELECT siret, xmax = 0 AS untouched FROM directory_answers")
    assert (kept["siret"], kept["untouched"]) == (CLOSED, True)


async def test_si_07_no_answer_is_not_kept(opened: tuple[ProfileHarness, CompanyDirectory]) -> None:
    harness, server = opened
    server.turns = [says(404)]
    assert (await find(harness, HEAD_OFFICE)).state == "deferred"
    assert (await find(harness, HEAD_OFFICE)).state == "found"


async def test_bad_input_45_si_06_a_closed_establishment_is_saved_and_asks_for_a_reason(
    opened: tuple[ProfileHarness, CompanyDirectory],
) -> None:
    harness, _ = opened
    account, form = str(uuid4()), but(FRENCH, siret=CLOSED)
    saved = await harness.save(account, form)
    assert warned(saved) == [("siret", "closed")]
    assert saved.warnings[0].params == {"date": "2024-05-31"}
    refusal = await harness.refusal(ValidateProfile(account_id=account, version=1))
    assert [(one.field, one.code) for one in refusal.errors] == [("closed_reason", "missing")]
    saved = await harness.save(account, but(form, closed_reason="Transfert en cours"))
    await harness.validate(account, saved.version)
    ((_, said),) = await harness.account_events(AccountValidated)
    assert (said.flags, said.closed_reason) == (("closed_establishment",), "Transfert en cours")


@pytest.mark.parametrize("siret", [UNKNOWN, HIDDEN])
async def test_si_06_who_is_unlisted_is_let_go_and_flagged(
    opened: tuple[ProfileHarness, CompanyDirectory], siret: str
) -> None:
    harness, _ = opened
    account = str(uuid4())
    saved = await harness.save(account, but(FRENCH, siret=siret))
    assert warned(saved) == [("siret", "unlisted")]
    await harness.validate(account, saved.version)
    ((_, said),) = await harness.account_events(AccountValidated)
    assert said.flags == ("unlisted_establishment",)


@pytest.mark.parametrize(
    "always",
    [says(429, Retry_After="0"), says(500), says(302, Location="http://10.0.0.1/"), hangs()],
)
async def test_bad_input_46_si_07_silence_stops_neither_saving_nor_validating(
    opened: tuple[ProfileHarness, CompanyDirectory], always: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(directory, "LIVE", directory.Patience(turn=0.2, answer=0.2))
    harness, server = opened
    server.always = always
    account = str(uuid4())
    saved = await harness.save(account)
    assert warned(saved) == [("siret", "check_deferred")]
    said = EstablishmentCheckDeferred(siret=HEAD_OFFICE, deferred_at=harness.now)
    assert await harness.deferred() == [(account, said)]
    assert (await harness.validate(account, saved.version)).state == "validated"
    ((_, validated),) = await harness.account_events(AccountValidated)
    assert validated.flags == ("check_deferred",)
    assert len(await harness.deferred()) == 1


async def test_bad_input_46_it_is_said_once_per_number(
    opened: tuple[ProfileHarness, CompanyDirectory],
) -> None:
    harness, server = opened
    server.always = says(404)
    account = str(uuid4())
    for form in (FRENCH, but(FRENCH, city="Lyon"), but(FRENCH, siret=BRANCH), BELGIAN, FRENCH):
        await harness.save(account, form)
    assert [event.siret for _, event in await harness.deferred()] == [
        HEAD_OFFICE,
        BRANCH,
        HEAD_OFFICE,
    ]


async def test_what_was_known_stands_while_the_directory_is_silent(
    opened: tuple[ProfileHarness, CompanyDirectory],
) -> None:
    harness, server = opened
    account, form = str(uuid4()), but(FRENCH, siret=CLOSED)
    await harness.save(account, form)
    harness.advance(days=2)
    server.always = says(404)
    assert warned(await harness.save(account, form)) == [("siret", "closed")]
    assert await harness.deferred() == []
