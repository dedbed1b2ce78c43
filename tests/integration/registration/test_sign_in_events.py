"""Events of sign-ins: accepted, refused, locked; and the reply to the gateway."""

from datetime import timedelta

import pytest

from shared.contracts.registration.events import PasswordAccepted, PasswordRefused, SignInLocked
from shared.contracts.registration.views import SignInView
from shared.messaging.handlers import Refused
from shared.security import password_hashing as hashing
from shared.security.password_hashing import Cost, Hasher, PasswordHash
from shared.security.sealing import KeyRing, new_key
from tests.support.actors.harness_account_holder import (
    ADDRESS,
    OTHER_NETWORK,
    UNKNOWN,
    HarnessAccountHolder,
)
from tests.support.harness.registration import (
    NETWORK,
    OTHER_PASSWORD,
    PASSWORD,
    START,
    RegistrationHarness,
)

SIGN_IN_EVENTS = (PasswordAccepted, PasswordRefused, SignInLocked)


async def test_g_40_the_right_password_leads_to_the_account_and_its_holder(
    harness: RegistrationHarness,
) -> None:
    holder = await HarnessAccountHolder.of(harness)
    for _ in range(3):
        await harness.refusal(harness.sign_in(ADDRESS, "x", OTHER_NETWORK))
    view = await harness.ask(harness.sign_in(ADDRESS, PASSWORD))
    assert view == SignInView(
        due="account",
        account_id=holder.account_id,
        address=ADDRESS,
        first_name="Pierre",
        last_name="Durand",
        language="fr",
        enrol_before=START + timedelta(hours=24),
        failures=3,
        checked_at=harness.now,
    )
    assert (await harness.ask(harness.sign_in(ADDRESS, PASSWORD))).failures == 0
    _, subject, event = (await harness.published(PasswordAccepted))[-1]
    assert (subject, event.network, event.accepted_at) == (holder.account_id, NETWORK, harness.now)


async def test_failures_are_those_of_the_last_day(harness: RegistrationHarness) -> None:
    await HarnessAccountHolder.of(harness)
    await harness.refusal(harness.sign_in(ADDRESS, "x"))
    harness.advance(hours=24)
    await harness.refusal(harness.sign_in(ADDRESS, "x"))
    assert (await harness.ask(harness.sign_in(ADDRESS, PASSWORD))).failures == 1


@pytest.mark.parametrize("state", ["active", "deactivated", "frozen", None])
async def test_au_08_a_refusal_emits_one_event_for_every_address(
    harness: RegistrationHarness, state: str | None
) -> None:
    """Without a subject where there is no account: every path writes the same rows."""
    holder = await HarnessAccountHolder.of(harness)
    if state is not None:
        await holder.close(state)
    address = ADDRESS if state is not None else UNKNOWN
    password = "Zzzz9999a" if state == "active" else PASSWORD
    refusal = await harness.refusal(harness.sign_in(address, password))
    assert (refusal.slug, refusal.params, refusal.errors) == ("wrong_credentials", {}, ())
    ((_, subject, event),) = await harness.published(*SIGN_IN_EVENTS)
    assert event == PasswordRefused(network=NETWORK, refused_at=harness.now)
    assert subject == (holder.account_id if state is not None else None)


async def test_a_lock_is_emitted_when_it_starts_and_at_the_ceiling(
    harness: RegistrationHarness,
) -> None:
    holder = await HarnessAccountHolder.of(harness)
    for _ in range(5):
        await harness.refusal(harness.sign_in(ADDRESS, "x"))
    ((_, subject, event),) = await harness.published(SignInLocked)
    until = harness.now + timedelta(seconds=90)
    assert event == SignInLocked(network=NETWORK, locked_at=harness.now, locked_until=until)
    assert subject == holder.account_id
    for _ in range(3):  # Longer waits emit no further event.
        refusal = await harness.refusal(harness.sign_in(ADDRESS, "x"))
        harness.advance(seconds=refusal.retry_after or 0)
        await harness.refusal(harness.sign_in(ADDRESS, "x"))
    assert len(await harness.events(SignInLocked)) == 1
    for number in range(17):
        await harness.refusal(harness.sign_in(ADDRESS, "x", f"10.0.{number}.0/24"))
    _, ceiling = await harness.events(SignInLocked)
    assert ceiling.network == "10.0.16.0/24"
    assert ceiling.locked_until == START + timedelta(minutes=1, days=1)


async def test_a_lock_of_an_unknown_address_has_no_subject(harness: RegistrationHarness) -> None:
    for _ in range(5):
        await harness.refusal(harness.sign_in(UNKNOWN, "x"))
    ((_, subject, _),) = await harness.published(SignInLocked)
    assert subject is None


async def test_the_password_of_a_pending_request_emits_nothing(
    harness: RegistrationHarness,
) -> None:
    await harness.request()
    await harness.ask(harness.sign_in(ADDRESS, PASSWORD))
    assert await harness.published(*SIGN_IN_EVENTS) == []


async def test_pw_13_a_long_password_reaches_no_hash(
    harness: RegistrationHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    holder = await HarnessAccountHolder.of(harness)
    token = await holder.reset_link()
    hashed: list[int] = []
    monkeypatch.setattr(hashing, "_argon2id", lambda *_: hashed.append(1))
    long = "a" * 1_000_000
    asked = [
        harness.sign_in(ADDRESS, long),
        harness.sign_in(UNKNOWN, long),
        holder.check(long),
        holder.change(long, OTHER_PASSWORD),
        holder.reset(token, long),
    ]
    for request in asked:
        refusal = await harness.refusal(request)
        assert refusal.slug in {"wrong_credentials", "wrong_password", "invalid_fields"}
    assert hashed == []


@pytest.mark.parametrize("meanwhile", ["frozen", "changed"])
async def test_a_password_changed_during_the_hashing_is_wrong(
    harness: RegistrationHarness, meanwhile: str
) -> None:
    holder = await HarnessAccountHolder.of(harness)
    asked = harness.sign_in(ADDRESS, PASSWORD)
    prepared = await harness.prepare(asked)
    if meanwhile == "frozen":
        await holder.close("frozen")
    else:
        await harness.ask(holder.change(PASSWORD, OTHER_PASSWORD))
    with pytest.raises(Refused, match="wrong_credentials"):
        await harness.execute(asked, prepared)


async def test_pw_11_a_rehash_does_not_bring_a_former_password_back(
    harness: RegistrationHarness,
) -> None:
    holder = await HarnessAccountHolder.of(harness)
    hasher = Hasher("registration", harness.deps.settings.pepper_keys, Cost(20_480, 2, 1), 1)
    object.__setattr__(harness.deps, "hasher", hasher)
    asked = harness.sign_in(ADDRESS, PASSWORD)
    prepared = await harness.prepare(asked)
    assert prepared.new_hash is not None
    await harness.ask(holder.change(PASSWORD, OTHER_PASSWORD))
    with pytest.raises(Refused, match="wrong_credentials"):
        await harness.execute(asked, prepared)
    assert not await holder.can_sign_in_with(PASSWORD)
    assert await holder.can_sign_in_with(OTHER_PASSWORD)
    hasher.close()


async def test_pw_12_a_stolen_table_verifies_no_password(harness: RegistrationHarness) -> None:
    """Without the pepper key, which no table contains, the right password does not match."""
    row = await (await HarnessAccountHolder.of(harness)).row()
    stored = PasswordHash(row["password_hash"], row["pepper_key_id"])
    assert await harness.deps.hasher.find(PASSWORD, ADDRESS, [stored], []) == 0
    key_id = harness.deps.settings.pepper_keys.current[0]
    thief = Hasher("registration", KeyRing.parse(new_key(key_id)), Cost(19_456, 2, 1), 1)
    assert await thief.find(PASSWORD, ADDRESS, [stored], []) is None
    thief.close()
