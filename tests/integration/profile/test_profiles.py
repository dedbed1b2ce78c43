"""A person's information: saved right or wrong, shown, validated once (G-30 to G-35, RE-09)."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from uuid import uuid4

import msgspec
import pytest

from services.profile.purge import purge
from shared.contracts.profile import (
    AccountValidated,
    DraftExpired,
    ProfileFields,
    ProfileSaved,
    ProfileView,
    SaveProfile,
    ValidateProfile,
)
from shared.messaging.handlers import Refused
from tests.support.harness.profile import TERMS, OpenHarness, ProfileHarness
from tests.support.harness.profile_forms import BELGIAN, FRENCH, but


async def test_g_30_nothing_is_known_of_an_account_that_saved_nothing(
    harness: ProfileHarness,
) -> None:
    for account in (str(uuid4()), "no id of ours"):
        assert await harness.show(account) == ProfileView(state="none")
        asked = ValidateProfile(account_id=account, version=1)
        assert await harness.outcome(asked) == "nothing_saved"


async def test_g_33_a_draft_is_kept_as_typed_right_or_wrong(harness: ProfileHarness) -> None:
    account = str(uuid4())
    form = but(FRENCH, phone=" 112 ", siret="732 829 320 0007O", city="", terms=False)
    saved = await harness.save(account, form)
    shown = await harness.show(account)
    assert harness.form(saved) == harness.form(shown) == form
    assert (shown.state, shown.version, shown.saved_at) == ("draft", 1, harness.now)
    assert [(one.field, one.code) for one in shown.errors] == [
        ("phone", "invalid"), ("siret", "wrong_length"), ("city", "missing"), ("terms", "missing"),
    ]  # fmt: skip
    assert [subject for subject, _ in await harness.account_events(ProfileSaved)] == [account]


async def test_g_33_saved_again_without_a_change_it_says_the_same(harness: ProfileHarness) -> None:
    account = str(uuid4())
    form = but(FRENCH, phone=" 112 ")
    first = await harness.save(account, form)
    harness.advance(minutes=5)
    again = await harness.save(account, form)
    assert harness.form(again) == harness.form(first) == form
    assert (again.state, again.errors) == (first.state, first.errors)
    assert again.saved_at == harness.now


async def test_g_34_g_35_validated_it_is_kept_in_its_own_form_and_frozen(
    harness: ProfileHarness,
) -> None:
    account = str(uuid4())
    saved = await harness.save(account)
    harness.advance(minutes=5)
    view = await harness.validate(account, saved.version)
    assert (view.state, view.validated_at, view.errors) == ("validated", harness.now, ())
    kept = harness.form(view)
    assert (kept.phone, kept.siret) == ("+33155874090", "73282932000074")
    assert harness.form(await harness.show(account)) == kept
    ((subject, said),) = await harness.account_events(AccountValidated)
    assert subject == account
    assert said == AccountValidated(
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


async def test_bad_input_51_a_save_after_validation_changes_nothing(
    harness: ProfileHarness,
) -> None:
    account = await harness.validated()
    before = harness.form(await harness.show(account))
    harness.advance(minutes=1)
    assert await harness.outcome(harness.save_of(account, BELGIAN)) == "already_validated"
    assert harness.form(await harness.show(account)) == before
    assert len(await harness.account_events(ProfileSaved)) == 1


async def test_g_34_what_stands_against_validating_is_said_and_nothing_is_frozen(
    harness: ProfileHarness,
) -> None:
    account = str(uuid4())
    await harness.save(account, but(FRENCH, phone="", address="é" * 39, terms=False))
    refusal = await harness.refusal(ValidateProfile(account_id=account, version=1))
    assert refusal.slug == "not_ready"
    assert [(one.field, one.code) for one in refusal.errors] == [
        ("phone", "missing"), ("address", "too_long"), ("terms", "missing"),
    ]  # fmt: skip
    assert (await harness.show(account)).state == "draft"
    assert await harness.account_events(AccountValidated) == []


async def test_g_34_another_save_in_between_is_to_be_shown_again(harness: ProfileHarness) -> None:
    account = str(uuid4())
    first = await harness.save(account)
    second = await harness.save(account, but(FRENCH, city="Lyon"))
    assert (first.version, second.version) == (1, 2)
    asked = ValidateProfile(account_id=account, version=first.version)
    assert await harness.outcome(asked) == "changed"
    await harness.validate(account, second.version)
    assert await harness.outcome(asked) == "done", "asked again once validated, the same answer"
    assert len(await harness.account_events(AccountValidated)) == 1


async def test_g_35_pressed_everywhere_at_once_it_is_validated_once(
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
            harness.outcome(harness.save_of(account, other)),
        )
        shown = await harness.show(account)
        if outcomes == ["done", "already_validated"]:
            assert (shown.state, harness.form(shown).city) == ("validated", "Paris")
        else:
            assert outcomes == ["changed", "done"]
            assert (shown.state, harness.form(shown).city) == ("draft", "Lyon")


@pytest.mark.parametrize("field", ["position", "establishment_type", "country"])
async def test_bad_input_50_a_value_on_no_list_is_refused(
    harness: ProfileHarness, field: str
) -> None:
    account = str(uuid4())
    refusal = await harness.refusal(harness.save_of(account, but(FRENCH, **{field: "agent"})))
    assert (refusal.slug, refusal.params) == ("unknown_choice", {"field": field})
    assert (await harness.show(account)).state == "none"
    assert await harness.events() == []


@pytest.mark.parametrize("text", ["", "{", "[]", '{"terms": "yes"}', '{"city": null}'])
async def test_what_is_no_form_is_refused(harness: ProfileHarness, text: str) -> None:
    sealed = harness.seal(SaveProfile, "fields", text)
    asked = SaveProfile(account_id=str(uuid4()), fields=sealed, terms_version=TERMS)
    assert await harness.outcome(asked) == "invalid_fields"


async def test_re_09_two_accounts_may_declare_one_establishment(harness: ProfileHarness) -> None:
    one, other = await harness.validated(), await harness.validated(but(FRENCH, city="Lyon"))
    assert harness.form(await harness.show(one)).city == "Paris"
    assert harness.form(await harness.show(other)).city == "Lyon"
    assert {said.group for _, said in await harness.account_events(AccountValidated)} == {
        "FR:73282932000074"
    }


async def test_g_32_which_terms_were_ticked_and_when_is_kept(harness: ProfileHarness) -> None:
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


async def test_columns_hold_what_statements_ask_for(harness: ProfileHarness) -> None:
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


async def test_drafts_that_nobody_touches_are_forgotten_once(harness: ProfileHarness) -> None:
    old, touched, done = str(uuid4()), str(uuid4()), await harness.validated()
    await harness.save(old)
    await harness.save(touched)
    harness.advance(days=364)
    await harness.save(touched)
    harness.advance(days=1)
    life = harness.deps.settings.draft_life
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


async def test_an_expired_draft_may_be_begun_again(harness_with: OpenHarness) -> None:
    async with harness_with(IMPEX_DRAFT_DAYS="30") as harness:
        account = str(uuid4())
        await harness.save(account)
        await harness.save(account)
        harness.advance(days=30)
        assert await purge(harness.pool, harness.now, harness.deps.settings.draft_life) == 1
        assert (await harness.save(account)).version == 1


async def test_what_people_type_is_readable_only_to_the_gateway(harness: ProfileHarness) -> None:
    """MQ-04: no name, telephone or address is readable in what is said or answered."""
    form = but(FRENCH, last_name="Planté", phone="0155874099", address="99 rue Secrète")
    account = str(uuid4())
    view = await harness.save(account, form)
    view = await harness.validate(account, view.version)
    words = ("Planté", "55874099", "Secrète", "Zoé")
    answered = msgspec.json.encode(view).decode()
    said = " ".join(row["body"] for row in await harness.fetch("SELECT body FROM outbox"))
    assert "Laboratoire" in said
    for word in words:
        assert word not in answered
        assert word not in said


async def test_the_version_of_another_life_is_no_version(harness: ProfileHarness) -> None:
    """Validating what was never shown is refused, whatever number is sent."""
    account = str(uuid4())
    await harness.save(account)
    for version in (0, -1, 2):
        with pytest.raises(Refused) as refused:
            await harness.validate(account, version)
        assert refused.value.refusal.slug == "changed"


def test_a_form_without_a_key_is_read_with_its_default() -> None:
    """Pages may lag behind: what they do not send is empty."""
    assert msgspec.json.decode(b'{"city": "Paris"}', type=ProfileFields).country == "FR"
