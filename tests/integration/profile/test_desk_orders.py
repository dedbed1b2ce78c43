"""Validated information corrected by the desk (B-14), and anonymised (GD-02)."""

from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest

from shared.contracts.base import Refusal
from shared.contracts.profile.acts import CheckCorrection
from shared.contracts.profile.events import (
    AccountValidated,
    ActNotCarriedOut,
    EstablishmentCheckDeferred,
    InformationCorrected,
)
from shared.contracts.support.acts import AnonymisationOrdered, InformationCorrectionOrdered
from shared.security.sealing import seal_context
from tests.support.harness.profile import ProfileHarness
from tests.support.harness.profile_forms import BELGIAN
from tests.support.servers.company_directory import CompanyDirectory

PROPOSAL = "5e0c1f0a-1111-4b0e-9b0a-5b6f3f0f9d11"


def correction_request(harness: ProfileHarness, account: str, **changes: str) -> CheckCorrection:
    text = msgspec.json.encode(changes).decode()
    sealed = harness.seal(CheckCorrection, "changes", text)
    return CheckCorrection(account_id=account, changes=sealed)


async def correct(
    harness: ProfileHarness, account: str, proposed_at: datetime | None = None, **changes: str
) -> None:
    """The order to correct these fields."""
    kind, text = InformationCorrectionOrdered, msgspec.json.encode(changes).decode()
    order = kind(
        proposal_id=PROPOSAL,
        reason="typing_error",
        ordered_at=harness.now,
        changes=harness.sealer.seal(text, seal_context(kind, "changes")),
        proposed_at=proposed_at,
    )
    await harness.handle_event(order, account)


async def changes_of(harness: ProfileHarness) -> list[list[Any]]:
    """The changes of each correction, as the mailer opens them."""
    assert harness.mailer is not None
    events = await harness.events(InformationCorrected)
    context = seal_context(InformationCorrected, "changes")
    return [msgspec.json.decode(harness.mailer.open(one.changes, context)) for one in events]


async def failures(harness: ProfileHarness) -> list[str]:
    return [event.why for event in await harness.events(ActNotCarriedOut)]


async def test_b_14_a_correction_is_normalized_mailed_and_no_second_validation(
    harness: ProfileHarness,
) -> None:
    account = await harness.validated()
    before = await harness.show(account)
    await harness.ask(correction_request(harness, account, city="  Lyon ", phone="01 55 87 40 91"))
    await correct(harness, account, city="  Lyon ", phone="01 55 87 40 91")
    after = await harness.show(account)
    form = harness.form(after)
    assert (form.city, form.phone, form.address) == ("Lyon", "+33155874091", "12 rue de l'Église")
    assert (after.state, after.version) == ("validated", before.version + 1)
    assert after.validated_at == before.validated_at
    assert await changes_of(harness) == [
        [["phone", "+33155874090", "+33155874091"], ["city", "Paris", "Lyon"]]
    ]
    ((subject, event),) = await harness.account_events(InformationCorrected)
    assert (subject, event.fields, event.reason) == (account, ("phone", "city"), "typing_error")
    assert len(await harness.events(AccountValidated)) == 1


@pytest.mark.parametrize(
    ("changes", "slug", "errors"),
    [
        ({"city": "Paris"}, "unchanged", []),
        ({"city": ""}, "invalid_fields", [("city", "missing")]),
        ({"phone": "12"}, "invalid_fields", [("phone", "too_short")]),
        ({"siret": "73282932000075"}, "invalid_fields", [("siret", "wrong_key")]),
        ({"position": "other"}, "invalid_fields", [("position_other", "missing")]),
        ({"country": "XX"}, "unknown_choice", []),
        ({"first_name": "Anne"}, "unknown_choice", []),
        ({"terms": "1"}, "unknown_choice", []),
        ({}, "unknown_choice", []),
    ],
)
async def test_b_14_a_correction_keeps_the_rules_of_the_form(
    harness: ProfileHarness, changes: dict[str, str], slug: str, errors: list[tuple[str, str]]
) -> None:
    account = await harness.validated()
    refusal: Refusal = await harness.refusal(correction_request(harness, account, **changes))
    assert refusal.slug == slug
    assert [one.field for one in refusal.errors] == [field for field, _ in errors]
    before = await harness.show(account)
    await correct(harness, account, **changes)
    assert harness.form(await harness.show(account)) == harness.form(before)
    assert await failures(harness) == ["unchanged" if slug == "unchanged" else "invalid"]
    assert await harness.events(InformationCorrected) == []


async def test_b_14_only_validated_information_is_corrected(harness: ProfileHarness) -> None:
    account = await harness.validated()
    draft = "0b0f8a52-3c1f-4b0e-9b0a-5b6f3f0f9d11"
    await harness.save(draft)
    assert (
        await harness.refusal(correction_request(harness, draft, city="Lyon"))
    ).slug == "not_validated"
    await correct(harness, draft, city="Lyon")
    await correct(harness, PROPOSAL, city="Lyon")
    assert await failures(harness) == ["not_validated", "not_validated"]
    assert harness.form(await harness.show(draft)).city == "Paris"
    assert (await harness.show(account)).state == "validated"


async def test_b_14_another_country_and_number(harness: ProfileHarness) -> None:
    account = await harness.validated(BELGIAN)
    await correct(harness, account, vat="BE0428759497", position="responsible_pharmacist")
    (changes,) = await changes_of(harness)
    assert changes == [
        ["position", "other", "responsible_pharmacist"],
        ["position_other", "Qualified Person", ""],
    ]


async def test_a_corrected_siret_is_looked_up_later(
    with_directory: tuple[ProfileHarness, CompanyDirectory],
) -> None:
    harness, _ = with_directory
    account = await harness.validated()
    await correct(harness, account, siret="35600000000048")
    (*_, (subject, event)) = await harness.account_events(EstablishmentCheckDeferred)
    assert (subject, event.siret) == (account, "35600000000048")
    (row,) = await harness.fetch("SELECT siret, standing, group_key FROM profiles")
    assert tuple(row.values()) == ("35600000000048", "deferred", "FR:35600000000048")


async def test_gd_02_an_anonymised_profile_keeps_the_establishment_alone(
    harness: ProfileHarness,
) -> None:
    account = await harness.validated()
    await harness.account_created(account, "Zoé", "Durand")
    order = AnonymisationOrdered(
        proposal_id=PROPOSAL, reason="requested_by_person", ordered_at=harness.now
    )
    await harness.handle_event(order, account)
    await harness.handle_event(order, account)
    stored = str(await harness.fetch("SELECT * FROM profiles"))
    assert not any(text in stored for text in ("Zoé", "Durand", "+33155874090", "4012"))
    assert "Laboratoire" in stored
    assert await harness.count("account_names") == 0


async def test_b_14_a_number_that_changed_since_the_proposal_is_left_alone(
    harness: ProfileHarness,
) -> None:
    account, proposed_at = await harness.validated(), harness.now
    harness.advance(hours=1)
    await correct(harness, account, phone="01 55 87 40 91")
    harness.advance(hours=1)
    await correct(harness, account, proposed_at, phone="01 55 87 40 92")
    assert await failures(harness) == ["changed_since"]
    await correct(harness, account, proposed_at, city="Lyon")
    # The table dates a corrected number by the clock of the database.
    await correct(harness, account, datetime.now(UTC), phone="01 55 87 40 92")
    form = harness.form(await harness.show(account))
    assert (form.phone, form.city) == ("+33155874092", "Lyon")
