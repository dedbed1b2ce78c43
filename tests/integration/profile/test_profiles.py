"""Profiles: saved valid or not, shown, validated once (G-30 to G-35, RE-09)."""

import asyncio
from datetime import timedelta
from uuid import uuid4

import msgspec
import pytest

from services.profile.service import purge
from shared.contracts.profile.events import AccountValidated, DraftExpired, ProfileSaved
from shared.contracts.profile.requests import SaveProfile, ValidateProfile
from shared.contracts.profile.views import ProfileFields, ProfileView
from shared.messaging.handlers import Refused
from tests.support.harness.profile import TERMS, OpenHarness, ProfileHarness
from tests.support.harness.profile_forms import BELGIAN, FRENCH, but
from tests.support.harness.profile_settings import settings


async def test_g_30_an_account_that_saved_nothing_has_no_profile(
    harness: ProfileHarness,
) -> None:
    for account in (str(uuid4()), "not a UUID"):
        assert await harness.show(account) == ProfileView(state="none")
        request = ValidateProfile(account_id=account, version=1)
        assert await harness.outcome(request) == "nothing_saved"


async def test_g_33_a_draft_is_stored_as_typed_valid_or_not(harness: ProfileHarness) -> None:
    account = str(uuid4())
    form = but(FRENCH, phone="1 12", siret="732 829 320 0007O", city="", terms=False)
    saved = await harness.save(account, form)
    shown = await harness.show(account)
    assert harness.form(saved) == harness.form(shown) == form
    assert (shown.state, shown.version, shown.saved_at) == ("draft", 1, harness.now)
    assert [(one.field, one.code) for one in shown.errors] == [
        ("phone", "invalid"), ("siret", "wrong_length"), ("city", "missing"), ("terms", "missing"),
    ]  # fmt: skip
    assert [subject for subject, _ in await harness.account_events(ProfileSaved)] == [account]


async def test_t_03_what_comes_with_a_paste_loses_no_draft(harness: ProfileHarness) -> None:
    account = str(uuid4())
    pasted = but(FRENCH, company_name="\ufeffPharmacie\tdes\u3000Lilas\t", city="Paris\u200b\u202c")
    view = await harness.save(account, pasted)
    assert harness.form(view) == but(FRENCH, company_name="Pharmacie des Lilas", city="Paris")


async def test_g_33_saved_again_without_a_change_it_stays_the_same(harness: ProfileHarness) -> None:
    account = str(uuid4())
    form = but(FRENCH, phone="1 12")
    first = await harness.save(account, form)
    harness.advance(minutes=5)
    again = await harness.save(account, form)
    assert harness.form(again) == harness.form(first) == form
    assert (again.state, again.errors) == (first.state, first.errors)
    assert again.saved_at == harness.now


async def test_g_34_g_35_validating_normalizes_and_freezes_the_profile(
    harness: ProfileHarness,
) -> None:
    account = str(uuid4())
    saved = await harness.save(account)
    harness.advance(minutes=5)
    view = await harness.validate(account, saved.version)
    assert (view.state, view.validated_at, view.errors) == ("validated", harness.now, ())
    stored = harness.form(view)
    assert (stored.phone, stored.siret) == ("+33155874090", "73282932000074")
    assert harness.form(await harness.show(account)) == stored
    ((subject, event),) = await harness.account_events(AccountValidated)
    assert subject == account
    assert event == AccountValidated(
        company_name="Laboratoire d’Été",
        establishment_type="pharmaceutical_establishment",
        city="Paris",
        country="FR",
        siret="73282932000074",
        group="FR:73282932000074",
        position="responsible_pharmacist",
        position_other="",
        flags=(),
        closed_reason="",
        validated_at=harness.now,
    )


async def test_p_01_a_save_from_an_older_page_overwrites_nothing(
    harness: ProfileHarness,
) -> None:
    account = str(uuid4())
    first = harness.save_request(account, FRENCH, based_on=0)
    assert (await harness.ask(first)).version == 1
    for shown in (0, 2, 7):
        older = harness.save_request(account, BELGIAN, based_on=shown)
        assert await harness.outcome(older) == "changed"
    view = await harness.show(account)
    assert (harness.form(view), view.version) == (FRENCH, 1)
    assert len(await harness.account_events(ProfileSaved)) == 1
    newer = harness.save_request(account, BELGIAN, based_on=1)
    assert (await harness.ask(newer)).version == 2
    unsaid = harness.save_request(account, FRENCH)
    assert (await harness.ask(unsaid)).version == 3, "a page from before says no version"


async def test_p_01_of_two_saves_at_once_one_is_refused(harness: ProfileHarness) -> None:
    account = str(uuid4())
    saves = [harness.save_request(account, form, based_on=0) for form in (FRENCH, BELGIAN)]
    outcomes = await asyncio.gather(*(harness.ask(one) for one in saves), return_exceptions=True)
    refused = [one for one in outcomes if isinstance(one, Refused)]
    assert [one.refusal.slug for one in refused] == ["changed"]
    assert (await harness.show(account)).version == 1


async def test_a_save_after_validation_changes_nothing(
    harness: ProfileHarness,
) -> None:
    account = await harness.validated()
    before = harness.form(await harness.show(account))
    harness.advance(minutes=1)
    assert await harness.outcome(harness.save_request(account, BELGIAN)) == "already_validated"
    assert harness.form(await harness.show(account)) == before
    assert len(await harness.account_events(ProfileSaved)) == 1


async def test_g_34_errors_prevent_validating(
    harness: ProfileHarness,
) -> None:
    account = str(uuid4())
    await harness.save(account, but(FRENCH, phone="", address="é" * 201, terms=False))
    refusal = await harness.refusal(ValidateProfile(account_id=account, version=1))
    assert refusal.slug == "not_ready"
    assert [(one.field, one.code) for one in refusal.errors] == [
        ("phone", "missing"), ("address", "too_long"), ("terms", "missing"),
    ]  # fmt: skip
    assert (await harness.show(account)).state == "draft"
    assert await harness.account_events(AccountValidated) == []


async def test_g_34_another_save_in_between_refuses_the_validation(harness: ProfileHarness) -> None:
    account = str(uuid4())
    first = await harness.save(account)
    second = await harness.save(account, but(FRENCH, city="Lyon"))
    assert (first.version, second.version) == (1, 2)
    request = ValidateProfile(account_id=account, version=first.version)
    assert await harness.outcome(request) == "changed"
    await harness.validate(account, second.version)
    assert await harness.outcome(request) == "done", "repeated after validation, the same reply"
    assert len(await harness.account_events(AccountValidated)) == 1


async def test_g_35_concurrent_validations_happen_once(
    harness: ProfileHarness,
) -> None:
    account = str(uuid4())
    version = (await harness.save(account)).version
    views = await asyncio.gather(*(harness.validate(account, version) for _ in range(20)))
    assert {view.state for view in views} == {"validated"}
    assert len({view.validated_at for view in views}) == 1
    assert len(await harness.account_events(AccountValidated)) == 1


async def test_g_34_saving_and_validating_at_once_end_in_one_of_two_orders(
    harness: ProfileHarness,
) -> None:
    for _ in range(10):
        account = str(uuid4())
        version = (await harness.save(account)).version
        other = but(FRENCH, city="Lyon")
        outcomes = await asyncio.gather(
            harness.outcome(ValidateProfile(account_id=account, version=version)),
            harness.outcome(harness.save_request(account, other)),
        )
        shown = await harness.show(account)
        if outcomes == ["done", "already_validated"]:
            assert (shown.state, harness.form(shown).city) == ("validated", "Paris")
        else:
            assert outcomes == ["changed", "done"]
            assert (shown.state, harness.form(shown).city) == ("draft", "Lyon")


@pytest.mark.parametrize("field", ["position", "establishment_type", "country"])
async def test_an_unknown_choice_is_refused(harness: ProfileHarness, field: str) -> None:
    account = str(uuid4())
    refusal = await harness.refusal(harness.save_request(account, but(FRENCH, **{field: "agent"})))
    assert (refusal.slug, refusal.params) == ("unknown_choice", {"field": field})
    assert (await harness.show(account)).state == "none"
    assert await harness.events() == []


@pytest.mark.parametrize("text", ["", "{", "[]", '{"terms": "yes"}', '{"city": null}'])
async def test_a_malformed_form_is_refused(harness: ProfileHarness, text: str) -> None:
    sealed = harness.seal(SaveProfile, "fields", text)
    request = SaveProfile(account_id=str(uuid4()), fields=sealed, terms_version=TERMS)
    assert await harness.outcome(request) == "invalid_fields"


async def test_re_09_two_accounts_may_declare_one_establishment(harness: ProfileHarness) -> None:
    one, other = await harness.validated(), await harness.validated(but(FRENCH, city="Lyon"))
    assert harness.form(await harness.show(one)).city == "Paris"
    assert harness.form(await harness.show(other)).city == "Lyon"
    assert {event.group for _, event in await harness.account_events(AccountValidated)} == {
        "FR:73282932000074"
    }


async def test_g_32_version_and_time_of_accepted_terms_are_stored(harness: ProfileHarness) -> None:
    account = str(uuid4())
    seen = []
    for form, terms in (
        (but(FRENCH, terms=False), "v1"),
        (FRENCH, "v1"),
        (but(FRENCH, city="Lyon"), "v1"),
        (FRENCH, "v2"),
        (but(FRENCH, terms=False), "v2"),
    ):
        harness.advance(minutes=1)
        await harness.save(account, form, terms)
        ((version, at),) = await harness.fetch("SELECT terms_version, terms_at FROM profiles")
        seen.append((version, None if at is None else int((harness.now - at).total_seconds())))
    assert seen == [(None, None), ("v1", 0), ("v1", 60), ("v2", 0), (None, None)]


async def test_columns_repeat_fields_that_statements_need(harness: ProfileHarness) -> None:
    await harness.validated()
    await harness.validated(BELGIAN)
    await harness.save(str(uuid4()), but(FRENCH, siret="73282932000079", country=""))
    rows = await harness.fetch(
        "SELECT state, country, siret, group_key FROM profiles ORDER BY saved_at, state, country"
    )
    assert {tuple(row) for row in rows} == {
        ("validated", "FR", "73282932000074", "FR:73282932000074"),
        ("validated", "BE", None, "BE:VAT:BE0428759497"),
        ("draft", None, None, None),
    }


async def test_unchanged_drafts_are_purged_once(harness: ProfileHarness) -> None:
    old, touched, done = str(uuid4()), str(uuid4()), await harness.validated()
    await harness.save(old)
    await harness.save(touched)
    harness.advance(days=364)
    await harness.save(touched)
    harness.advance(days=1)
    life = settings().draft_retention
    assert life == timedelta(days=365)
    both = await asyncio.gather(
        purge(harness.pool, harness.now, life), purge(harness.pool, harness.now, life)
    )
    assert sorted(both) == [0, 1]
    assert await harness.account_events(DraftExpired) == [
        (old, DraftExpired(expired_at=harness.now))
    ]
    states = [(await harness.show(one)).state for one in (old, touched, done)]
    assert states == ["none", "draft", "validated"]


async def test_after_an_expired_draft_another_can_be_saved(harness_with: OpenHarness) -> None:
    async with harness_with(IMPEX_DRAFT_DAYS="30") as harness:
        account = str(uuid4())
        await harness.save(account)
        await harness.save(account)
        harness.advance(days=30)
        life = settings(IMPEX_DRAFT_DAYS="30").draft_retention
        assert await purge(harness.pool, harness.now, life) == 1
        assert (await harness.save(account)).version == 1


async def test_only_the_gateway_can_read_the_form(harness: ProfileHarness) -> None:
    """MQ-04: no name, telephone or address is readable in an event or a reply."""
    form = but(FRENCH, last_name="Planté", phone="0155874099", address="99 rue Secrète")
    account = str(uuid4())
    view = await harness.save(account, form)
    view = await harness.validate(account, view.version)
    secrets = ("Planté", "55874099", "Secrète", "Zoé")
    answered = msgspec.json.encode(view).decode()
    outbox = " ".join(row["body"] for row in await harness.fetch("SELECT body FROM outbox"))
    assert "Laboratoire" in outbox
    for secret in secrets:
        assert secret not in answered
        assert secret not in outbox


async def test_a_version_that_was_never_shown_is_refused(harness: ProfileHarness) -> None:
    account = str(uuid4())
    await harness.save(account)
    for version in (0, -1, 2):
        with pytest.raises(Refused) as refused:
            await harness.validate(account, version)
        assert refused.value.refusal.slug == "changed"


def test_a_form_without_a_key_is_read_with_its_default() -> None:
    """Older pages may send fewer fields: the others have defaults."""
    assert msgspec.json.decode(b'{"city": "Paris"}', type=ProfileFields).country == "FR"
