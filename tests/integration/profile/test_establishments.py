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
from tests.integration.profile.room import Desk, warned
from tests.support.company_directory import (
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
from tests.unit.profile.forms import BELGIAN, FRENCH, but


async def find(desk: Desk, siret: str) -> EstablishmentView:
    view: EstablishmentView = await desk.ask(FindEstablishment(siret=siret))
    return view


@pytest.mark.parametrize(
    ("typed", "code"),
    [("73282932000079", "wrong_key"), ("1234", "wrong_length"), ("", "wrong_length"),
     ("7" * 100_000, "wrong_length")],
)  # fmt: skip
async def test_b_07_a_wrong_number_is_told_without_asking_anybody(
    opened: tuple[Desk, CompanyDirectory], typed: str, code: str
) -> None:
    desk, server = opened
    view = await find(desk, typed)
    assert view.state == "invalid"
    assert view.error is not None
    assert (view.error.field, view.error.code) == ("siret", code)
    assert server.asked == []


async def test_si_07_the_directory_is_off_by_default(desk: Desk) -> None:
    assert await find(desk, "732 829 320 00074") == EstablishmentView(state="off")
    saved = await desk.save(str(uuid4()))
    assert warned(saved) == []
    assert await desk.deferred() == []


async def test_b_07_si_08_what_the_directory_knows_is_a_hint(
    opened: tuple[Desk, CompanyDirectory],
) -> None:
    desk, server = opened
    assert await find(desk, "732 829 320 00074") == EstablishmentView(
        state="found",
        company_name="LABORATOIRE D'ETE",
        address="12 BIS RUE DE L'EGLISE",
        address_extra="BATIMENT B",
        postal_code="75015",
        city="PARIS",
    )
    assert (await find(desk, HOSPITAL)).hospital_pharmacy
    closed = await find(desk, CLOSED)
    assert (closed.state, closed.closed_on) == ("closed", "2024-05-31")
    assert await find(desk, HIDDEN) == await find(desk, UNKNOWN)
    assert (await find(desk, UNKNOWN)).state == "unlisted"
    assert server.sirets == [HEAD_OFFICE, HOSPITAL, CLOSED, HIDDEN, UNKNOWN]


async def test_si_07_an_answer_is_kept_for_a_day(opened: tuple[Desk, CompanyDirectory]) -> None:
    desk, server = opened
    first = await find(desk, HEAD_OFFICE)
    desk.later(hours=23, minutes=59)
    assert await find(desk, HEAD_OFFICE) == first
    assert len(server.asked) == 1
    desk.later(minutes=1)
    assert await find(desk, HEAD_OFFICE) == first
    assert len(server.asked) == 2


async def test_si_07_old_answers_and_too_many_are_forgotten(
    opened: tuple[Desk, CompanyDirectory],
) -> None:
    desk, _ = opened
    await find(desk, HEAD_OFFICE)
    desk.later(hours=12)
    await find(desk, BRANCH)
    desk.later(hours=12)
    await purge(desk.pool, desk.now, desk.deps.settings.draft_life)
    assert [row["siret"] for row in await desk.fetch("SELECT siret FROM directory_answers")] == [
        BRANCH
    ]
    desk.later(hours=1)
    await find(desk, CLOSED)
    async with transaction(desk.pool) as tx:
        await cache.forget(tx, desk.now, most=1)
    (kept,) = await desk.fetch("SELECT siret, xmax = 0 AS untouched FROM directory_answers")
    assert (kept["siret"], kept["untouched"]) == (CLOSED, True)


async def test_si_07_no_answer_is_not_kept(opened: tuple[Desk, CompanyDirectory]) -> None:
    desk, server = opened
    server.turns = [says(404)]
    assert (await find(desk, HEAD_OFFICE)).state == "deferred"
    assert (await find(desk, HEAD_OFFICE)).state == "found"


async def test_bad_input_45_si_06_a_closed_establishment_is_saved_and_asks_for_a_reason(
    opened: tuple[Desk, CompanyDirectory],
) -> None:
    desk, _ = opened
    account, form = str(uuid4()), but(FRENCH, siret=CLOSED)
    saved = await desk.save(account, form)
    assert warned(saved) == [("siret", "closed")]
    assert saved.warnings[0].params == {"date": "2024-05-31"}
    refusal = await desk.refusal(ValidateProfile(account_id=account, version=1))
    assert [(one.field, one.code) for one in refusal.errors] == [("closed_reason", "missing")]
    saved = await desk.save(account, but(form, closed_reason="Transfert en cours"))
    await desk.validate(account, saved.version)
    ((_, said),) = await desk.told(AccountValidated)
    assert (said.flags, said.closed_reason) == (("closed_establishment",), "Transfert en cours")


@pytest.mark.parametrize("siret", [UNKNOWN, HIDDEN])
async def test_si_06_who_is_unlisted_is_let_go_and_flagged(
    opened: tuple[Desk, CompanyDirectory], siret: str
) -> None:
    desk, _ = opened
    account = str(uuid4())
    saved = await desk.save(account, but(FRENCH, siret=siret))
    assert warned(saved) == [("siret", "unlisted")]
    await desk.validate(account, saved.version)
    ((_, said),) = await desk.told(AccountValidated)
    assert said.flags == ("unlisted_establishment",)


@pytest.mark.parametrize(
    "always",
    [says(429, Retry_After="0"), says(500), says(302, Location="http://10.0.0.1/"), hangs()],
)
async def test_bad_input_46_si_07_silence_stops_neither_saving_nor_validating(
    opened: tuple[Desk, CompanyDirectory], always: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(directory, "LIVE", directory.Patience(turn=0.2, answer=0.2))
    desk, server = opened
    server.always = always
    account = str(uuid4())
    saved = await desk.save(account)
    assert warned(saved) == [("siret", "check_deferred")]
    said = EstablishmentCheckDeferred(siret=HEAD_OFFICE, deferred_at=desk.now)
    assert await desk.deferred() == [(account, said)]
    assert (await desk.validate(account, saved.version)).state == "validated"
    ((_, validated),) = await desk.told(AccountValidated)
    assert validated.flags == ("check_deferred",)
    assert len(await desk.deferred()) == 1


async def test_bad_input_46_it_is_said_once_per_number(
    opened: tuple[Desk, CompanyDirectory],
) -> None:
    desk, server = opened
    server.always = says(404)
    account = str(uuid4())
    for form in (FRENCH, but(FRENCH, city="Lyon"), but(FRENCH, siret=BRANCH), BELGIAN, FRENCH):
        await desk.save(account, form)
    assert [event.siret for _, event in await desk.deferred()] == [HEAD_OFFICE, BRANCH, HEAD_OFFICE]


async def test_what_was_known_stands_while_the_directory_is_silent(
    opened: tuple[Desk, CompanyDirectory],
) -> None:
    desk, server = opened
    account, form = str(uuid4()), but(FRENCH, siret=CLOSED)
    await desk.save(account, form)
    desk.later(days=2)
    server.always = says(404)
    assert warned(await desk.save(account, form)) == [("siret", "closed")]
    assert await desk.deferred() == []
