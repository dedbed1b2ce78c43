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
from tests.integration.profile.conftest import OpenDesk
from tests.integration.profile.room import TERMS, Desk
from tests.unit.profile.forms import BELGIAN, FRENCH, but


async def test_g_30_nothing_is_known_of_an_account_that_saved_nothing(desk: Desk) -> None:
    for account in (str(uuid4()), "no id of ours"):
        assert await desk.show(account) == ProfileView(state="none")
        asked = ValidateProfile(account_id=account, version=1)
        assert await desk.outcome(asked) == "nothing_saved"


async def test_g_33_a_draft_is_kept_as_typed_right_or_wrong(desk: Desk) -> None:
    account = str(uuid4())
    form = but(FRENCH, phone=" 112 ", siret="732 829 320 0007O", city="", terms=False)
    saved = await desk.save(account, form)
    shown = await desk.show(account)
    assert desk.form(saved) == desk.form(shown) == form
    assert (shown.state, shown.version, shown.saved_at) == ("draft", 1, desk.now)
    assert [(one.field, one.code) for one in shown.errors] == [
        ("phone", "invalid"), ("siret", "wrong_length"), ("city", "missing"), ("terms", "missing"),
    ]  # fmt: skip
    assert [subject for subject, _ in await desk.told(ProfileSaved)] == [account]


async def test_g_33_saved_again_without_a_change_it_says_the_same(desk: Desk) -> None:
    account = str(uuid4())
    form = but(FRENCH, phone=" 112 ")
    first = await desk.save(account, form)
    desk.later(minutes=5)
    again = await desk.save(account, form)
    assert desk.form(again) == desk.form(first) == form
    assert (again.state, again.errors) == (first.state, first.errors)
    assert again.saved_at == desk.now


async def test_g_34_g_35_validated_it_is_kept_in_its_own_form_and_frozen(desk: Desk) -> None:
    account = str(uuid4())
    saved = await desk.save(account)
    desk.later(minutes=5)
    view = await desk.validate(account, saved.version)
    assert (view.state, view.validated_at, view.errors) == ("validated", desk.now, ())
    kept = desk.form(view)
    assert (kept.phone, kept.siret) == ("+33155874090", "73282932000074")
    assert desk.form(await desk.show(account)) == kept
    ((subject, said),) = await desk.told(AccountValidated)
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
        validated_at=desk.now,
    )


async def test_bad_input_51_a_save_after_validation_changes_nothing(desk: Desk) -> None:
    account = await desk.validated()
    before = desk.form(await desk.show(account))
    desk.later(minutes=1)
    assert await desk.outcome(desk.save_of(account, BELGIAN)) == "already_validated"
    assert desk.form(await desk.show(account)) == before
    assert len(await desk.told(ProfileSaved)) == 1


async def test_g_34_what_stands_against_validating_is_said_and_nothing_is_frozen(
    desk: Desk,
) -> None:
    account = str(uuid4())
    await desk.save(account, but(FRENCH, phone="", address="é" * 39, terms=False))
    refusal = await desk.refusal(ValidateProfile(account_id=account, version=1))
    assert refusal.slug == "not_ready"
    assert [(one.field, one.code) for one in refusal.errors] == [
        ("phone", "missing"), ("address", "too_long"), ("terms", "missing"),
    ]  # fmt: skip
    assert (await desk.show(account)).state == "draft"
    assert await desk.told(AccountValidated) == []


async def test_g_34_another_save_in_between_is_to_be_shown_again(desk: Desk) -> None:
    account = str(uuid4())
    first = await desk.save(account)
    second = await desk.save(account, but(FRENCH, city="Lyon"))
    assert (first.version, second.version) == (1, 2)
    asked = ValidateProfile(account_id=account, version=first.version)
    assert await desk.outcome(asked) == "changed"
    await desk.validate(account, second.version)
    assert await desk.outcome(asked) == "done", "asked again once validated, the same answer"
    assert len(await desk.told(AccountValidated)) == 1


async def test_g_35_pressed_everywhere_at_once_it_is_validated_once(desk: Desk) -> None:
    account = str(uuid4())
    version = (await desk.save(account)).version
    views = await asyncio.gather(*(desk.validate(account, version) for _ in range(20)))
    assert {view.state for view in views} == {"validated"}
    assert len({view.validated_at for view in views}) == 1
    assert len(await desk.told(AccountValidated)) == 1


async def test_g_34_saving_and_validating_at_once_end_in_one_of_two_orders(desk: Desk) -> None:
    for _ in range(10):
        account = str(uuid4())
        version = (await desk.save(account)).version
        other = but(FRENCH, city="Lyon")
        outcomes = await asyncio.gather(
            desk.outcome(ValidateProfile(account_id=account, version=version)),
            desk.outcome(desk.save_of(account, other)),
        )
        shown = await desk.show(account)
        if outcomes == ["done", "already_validated"]:
            assert (shown.state, desk.form(shown).city) == ("validated", "Paris")
        else:
            assert outcomes == ["changed", "done"]
            assert (shown.state, desk.form(shown).city) == ("draft", "Lyon")


@pytest.mark.parametrize("field", ["position", "establishment_type", "country"])
async def test_bad_input_50_a_value_on_no_list_is_refused(desk: Desk, field: str) -> None:
    account = str(uuid4())
    refusal = await desk.refusal(desk.save_of(account, but(FRENCH, **{field: "agent"})))
    assert (refusal.slug, refusal.params) == ("unknown_choice", {"field": field})
    assert (await desk.show(account)).state == "none"
    assert await desk.events() == []


@pytest.mark.parametrize("text", ["", "{", "[]", '{"terms": "yes"}', '{"city": null}'])
async def test_what_is_no_form_is_refused(desk: Desk, text: str) -> None:
    sealed = desk.seal(SaveProfile, "fields", text)
    asked = SaveProfile(account_id=str(uuid4()), fields=sealed, terms_version=TERMS)
    assert await desk.outcome(asked) == "invalid_fields"


async def test_re_09_two_accounts_may_declare_one_establishment(desk: Desk) -> None:
    one, other = await desk.validated(), await desk.validated(but(FRENCH, city="Lyon"))
    assert desk.form(await desk.show(one)).city == "Paris"
    assert desk.form(await desk.show(other)).city == "Lyon"
    assert {said.group for _, said in await desk.told(AccountValidated)} == {"FR:73282932000074"}


async def test_g_32_which_terms_were_ticked_and_when_is_kept(desk: Desk) -> None:
    account = str(uuid4())
    seen = []
    for form, terms in (
        (but(FRENCH, terms=False), "v1"),
        (FRENCH, "v1"),
        (but(FRENCH, city="Lyon"), "v1"),
        (FRENCH, "v2"),
        (but(FRENCH, terms=False), "v2"),
    ):
        desk.later(minutes=1)
        await desk.save(account, form, terms)
        ((version, at),) = await desk.fetch("SELECT terms_version, terms_at FROM profiles")
        seen.append((version, None if at is None else int((desk.now - at).total_seconds())))
    assert seen == [(None, None), ("v1", 0), ("v1", 60), ("v2", 0), (None, None)]


async def test_columns_hold_what_statements_ask_for(desk: Desk) -> None:
    await desk.validated()
    await desk.validated(BELGIAN)
    await desk.save(str(uuid4()), but(FRENCH, siret="73282932000079", country=""))
    rows = await desk.fetch(
        "SELECT state, country, siret, group_key FROM profiles ORDER BY saved_at, state, country"
    )
    assert {tuple(row) for row in rows} == {
        ("validated", "FR", "73282932000074", "FR:73282932000074"),
        ("validated", "BE", None, "BE:VAT:BE0428759497"),
        ("draft", None, None, None),
    }


async def test_drafts_that_nobody_touches_are_forgotten_once(desk: Desk) -> None:
    old, touched, done = str(uuid4()), str(uuid4()), await desk.validated()
    await desk.save(old)
    await desk.save(touched)
    desk.later(days=364)
    await desk.save(touched)
    desk.later(days=1)
    life = desk.deps.settings.draft_life
    assert life == timedelta(days=365)
    both = await asyncio.gather(purge(desk.pool, desk.now, life), purge(desk.pool, desk.now, life))
    assert sorted(both) == [0, 1]
    assert await desk.told(DraftExpired) == [(old, DraftExpired(expired_at=desk.now))]
    states = [(await desk.show(one)).state for one in (old, touched, done)]
    assert states == ["none", "draft", "validated"]


async def test_an_expired_draft_may_be_begun_again(desk_with: OpenDesk) -> None:
    async with desk_with(IMPEX_DRAFT_DAYS="30") as desk:
        account = str(uuid4())
        await desk.save(account)
        await desk.save(account)
        desk.later(days=30)
        assert await purge(desk.pool, desk.now, desk.deps.settings.draft_life) == 1
        assert (await desk.save(account)).version == 1


async def test_what_people_type_is_readable_only_to_the_gateway(desk: Desk) -> None:
    """MQ-04: no name, telephone or address is readable in what is said or answered."""
    form = but(FRENCH, last_name="Planté", phone="0155874099", address="99 rue Secrète")
    account = str(uuid4())
    view = await desk.save(account, form)
    view = await desk.validate(account, view.version)
    words = ("Planté", "55874099", "Secrète", "Zoé")
    answered = msgspec.json.encode(view).decode()
    said = " ".join(row["body"] for row in await desk.fetch("SELECT body FROM outbox"))
    assert "Laboratoire" in said
    for word in words:
        assert word not in answered
        assert word not in said


async def test_the_version_of_another_life_is_no_version(desk: Desk) -> None:
    """Validating what was never shown is refused, whatever number is sent."""
    account = str(uuid4())
    await desk.save(account)
    for version in (0, -1, 2):
        with pytest.raises(Refused) as refused:
            await desk.validate(account, version)
        assert refused.value.refusal.slug == "changed"


def test_a_form_without_a_key_is_read_with_its_default() -> None:
    """Pages may lag behind: what they do not send is empty."""
    assert msgspec.json.decode(b'{"city": "Paris"}', type=ProfileFields).country == "FR"
