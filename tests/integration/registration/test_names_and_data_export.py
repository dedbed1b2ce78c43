"""Name changes in the profile (G-31), and the data export (B-11, GD-02)."""

import json
from datetime import timedelta
from typing import Any

import pytest
import pytest_asyncio

from shared.contracts.data_export import PersonalDataView
from shared.contracts.profile.events import ProfileSaved
from shared.contracts.registration.events import NameChanged
from shared.contracts.registration.holder import ExportAccount as RegistrationExportAccount
from shared.contracts.registration.holder import RequestAddressChange
from shared.security.sealing import Opener, Sealer, seal_context
from tests.support.actors.harness_account_holder import ADDRESS, HarnessAccountHolder, reset_request
from tests.support.harness.registration import (
    NETWORK,
    OTHER_PASSWORD,
    PASSWORD,
    RegistrationHarness,
)
from tests.support.harness.service_harness import unseal


@pytest_asyncio.fixture(loop_scope="package")
async def holder(harness: RegistrationHarness) -> HarnessAccountHolder:
    return await HarnessAccountHolder.of(harness)


def saved(harness: RegistrationHarness, minutes: float = 0, **names: str) -> ProfileSaved:
    """A profile saved so many minutes from now, with these names sealed."""
    sealer: Sealer = harness.sealer
    sealed = {
        field: sealer.seal(name, seal_context(ProfileSaved, field)) for field, name in names.items()
    }
    return ProfileSaved(saved_at=harness.now + timedelta(minutes=minutes), **sealed)


async def name(holder: HarnessAccountHolder) -> tuple[str, str]:
    row = await holder.row()
    return row["first_name"], row["last_name"]


async def test_g_31_a_name_changed_in_the_profile_changes_the_account(
    holder: HarnessAccountHolder,
) -> None:
    harness = holder.harness
    event = saved(harness, first_name="Zoé", last_name=" d’Été-Müller ")
    await harness.handle_event(event, holder.account_id)
    await harness.handle_event(event, holder.account_id)
    ((_, subject, emitted),) = await harness.published(NameChanged)
    assert subject == holder.account_id
    assert emitted == NameChanged(
        first_name="Zoé", last_name="d’Été-Müller", by="holder", changed_at=harness.now
    )
    assert await name(holder) == ("Zoé", "d’Été-Müller")
    signed_in = await harness.ask(harness.sign_in(ADDRESS, PASSWORD))
    assert signed_in.first_name == "Zoé"


async def test_g_31_an_older_name_does_not_replace_a_newer_one(
    holder: HarnessAccountHolder,
) -> None:
    harness = holder.harness
    await harness.handle_event(saved(harness, 5, first_name="Zoé"), holder.account_id)
    await harness.handle_event(saved(harness, 2, first_name="Paul"), holder.account_id)
    assert await name(holder) == ("Zoé", "Durand")
    await harness.handle_event(saved(harness, 7, first_name="Pierre"), holder.account_id)
    assert await name(holder) == ("Pierre", "Durand")
    assert len(await harness.events(NameChanged)) == 2


@pytest.mark.parametrize(
    "names", [{}, {"first_name": ""}, {"last_name": "www.exemple.fr"}, {"first_name": "x" * 101}]
)
async def test_g_31_an_invalid_name_changes_nothing(
    holder: HarnessAccountHolder, names: dict[str, str]
) -> None:
    await holder.harness.handle_event(saved(holder.harness, **names), holder.account_id)
    await holder.harness.handle_event(
        saved(holder.harness, first_name="Zoé"), "00000000-0000-4000-8000-000000000000"
    )
    assert await name(holder) == ("Pierre", "Durand")
    assert not await holder.harness.events(NameChanged)


async def export(harness: RegistrationHarness, account_id: str) -> dict[str, Any]:
    view = await harness.ask(RegistrationExportAccount(account_id=account_id))
    assert isinstance(view, PersonalDataView)
    opener = Opener("gateway", harness.deps.settings.gateway_keys)
    found: dict[str, Any] = json.loads(unseal(opener, view, "document"))
    return found


async def test_b_11_everything_stored_about_the_person_and_nobody_else(
    holder: HarnessAccountHolder,
) -> None:
    harness = holder.harness
    other = await HarnessAccountHolder.of(harness, "jean@labo.fr")
    await harness.ask(reset_request())
    await harness.request(ADDRESS, first_name="Mallory")
    await harness.refusal(harness.sign_in(ADDRESS, OTHER_PASSWORD, NETWORK))
    kind = RequestAddressChange
    await harness.ask(
        kind(
            account_id=holder.account_id,
            address="neuve@labo.fr",
            password=harness.seal(kind, "password", PASSWORD),
            language="fr",
        )
    )
    document = await export(harness, holder.account_id)
    (account,) = document["account"]
    assert account["address"] == ADDRESS
    assert account["first_name"] == "Pierre"
    (terms,) = document["terms"]
    assert terms["version"]
    assert terms["accepted_at"]
    assert [row["address"] for row in document["address_change"]] == ["neuve@labo.fr"]
    assert [row["kind"] for row in document["mailed_links"]] == ["password"]
    kinds = {row["kind"] for row in document["limits"]}
    assert {"address_changes", "resets", "sign_in", "sign_in_address"} <= kinds
    text = json.dumps(document, ensure_ascii=False)
    for foreign in ("jean@labo.fr", other.account_id, "Mallory", "argon2", "hash"):
        assert foreign not in text.replace("sha256", "")


async def test_b_11_every_table_with_personal_data_is_exported_or_named_here(
    harness: RegistrationHarness,
) -> None:
    """A new table about accounts must be exported too (GD-02), unless it lives half an hour."""
    rows = await harness.fetch(
        "SELECT DISTINCT table_name FROM information_schema.columns"
        " WHERE table_schema = current_schema() AND column_name = 'account_id'"
    )
    assert {row["table_name"] for row in rows} == {
        "credentials", "terms_acceptances", "requests", "mailed_links", "address_codes",
        "disavowals", "address_changes", "address_questions", "recovery_addresses",
        "recovery_address_changes", "last_sign_ins", "dormant_accounts",
        # The account of a code of resumption has no credentials: nobody can ask for its export.
        "resumption_codes",
    }  # fmt: skip


async def test_b_11_every_column_of_an_account_is_exported(holder: HarnessAccountHolder) -> None:
    """But spellings that are compared, and dates of accounts that nobody can sign in to."""
    (account,) = (await export(holder.harness, holder.account_id))["account"]
    renamed = {
        "id": "account_id",
        "verified_at": "address_proved_at",
        "named_at": "name_changed_at",
        "desk_only": "only_the_desk_thaws",
    }
    (row,) = await holder.harness.fetch("SELECT * FROM accounts")
    stored = set(row.keys()) - {"address_key", "name_words", "released_at", "anonymised_at"}
    assert account.keys() - {"last_sign_in_at"} == {renamed.get(name, name) for name in stored}


async def test_az_02_an_account_that_does_not_exist(harness: RegistrationHarness) -> None:
    for account_id in ("00000000-0000-4000-8000-000000000000", "x"):
        refusal = await harness.refusal(RegistrationExportAccount(account_id=account_id))
        assert refusal.slug == "unknown_account"
