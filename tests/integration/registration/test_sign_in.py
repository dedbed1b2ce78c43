"""Sign-in: the step that the right password leads to, and the throttle."""

import asyncio

import pytest

from shared.contracts.registration.events import OWNER
from shared.security.password_hashing import Cost, Hasher
from shared.security.sealing import KeyRing, new_key
from tests.support.harness.registration import OTHER_PASSWORD, PASSWORD, RegistrationHarness
from tests.support.logs import written_log


async def test_the_right_password_leads_to_the_due_step(harness: RegistrationHarness) -> None:
    view = await harness.request("Pierre@labo.fr")
    found = await harness.ask(harness.sign_in(" pierre@LABO.fr", PASSWORD))
    assert (found.due, found.request_id) == ("request", view.request_id)
    account_id = await harness.account("paul@labo.fr")
    found = await harness.ask(harness.sign_in("paul@labo.fr", PASSWORD))
    assert (found.due, found.account_id) == ("account", account_id)


async def test_each_of_several_requests_has_its_own_password(harness: RegistrationHarness) -> None:
    one, other = await harness.request(), await harness.request(password=OTHER_PASSWORD)
    assert (
        await harness.ask(harness.sign_in("pierre@labo.fr", PASSWORD))
    ).request_id == one.request_id
    found = await harness.ask(harness.sign_in("pierre@labo.fr", OTHER_PASSWORD))
    assert found.request_id == other.request_id


async def test_g_09_the_password_is_case_sensitive(harness: RegistrationHarness) -> None:
    await harness.account()
    for wrong in (PASSWORD.lower(), PASSWORD + " ", PASSWORD[:-1], ""):
        assert (
            await harness.refusal(harness.sign_in("pierre@labo.fr", wrong))
        ).slug == "wrong_credentials"


@pytest.mark.parametrize("address", ["pierre@labo.fr", "nobody@labo.fr", "not an address\0", ""])
async def test_the_sixth_attempt_waits_for_every_address(
    harness: RegistrationHarness, address: str
) -> None:
    await harness.account()
    for _ in range(5):
        assert (
            await harness.refusal(harness.sign_in(address, "wrong"))
        ).slug == "wrong_credentials"
    for password in ("wrong", PASSWORD):
        refusal = await harness.refusal(harness.sign_in(address, password))
        assert (refusal.slug, refusal.retry_after) == ("too_many_tries", 90)
    harness.advance(seconds=90)
    assert (await harness.refusal(harness.sign_in(address, "wrong"))).slug == "wrong_credentials"
    assert (await harness.refusal(harness.sign_in(address, "wrong"))).retry_after == 180


async def test_au_02_s_05_no_more_than_ten_a_day_from_one_network(
    harness: RegistrationHarness,
) -> None:
    """One network alone never uses up the twenty-five of the address."""
    await harness.account()
    looked_at = 0
    for _ in range(200):
        refusal = await harness.refusal(harness.sign_in("pierre@labo.fr", "wrong"))
        if refusal.slug == "wrong_credentials":
            looked_at += 1
        else:
            harness.advance(seconds=refusal.retry_after or 1)
        if looked_at == 10:
            break
    refusal = await harness.refusal(harness.sign_in("pierre@labo.fr", PASSWORD))
    assert refusal.slug == "too_many_tries"
    assert (refusal.retry_after or 0) > 3_600
    found = await harness.ask(harness.sign_in("pierre@labo.fr", PASSWORD, "198.51.100.0/24"))
    assert found.due == "account"


async def test_au_03_parallel_tries_are_all_counted(harness: RegistrationHarness) -> None:
    await harness.account()
    refusals = await asyncio.gather(
        *(harness.refusal(harness.sign_in("pierre@labo.fr", "wrong")) for _ in range(30))
    )
    assert sum(each.slug == "wrong_credentials" for each in refusals) == 5


async def test_the_right_password_of_the_account_clears_failures(
    harness: RegistrationHarness,
) -> None:
    await harness.account()
    for _ in range(4):
        await harness.refusal(harness.sign_in("pierre@labo.fr", "wrong"))
    await harness.ask(harness.sign_in("pierre@labo.fr", PASSWORD))
    for _ in range(5):
        assert (await harness.refusal(harness.sign_in("pierre@labo.fr", "wrong"))).slug == (
            "wrong_credentials"
        )


async def test_a_request_for_the_address_clears_no_failures(harness: RegistrationHarness) -> None:
    """Anybody can request an account for the address, and knows that request's password."""
    await harness.account()
    await harness.request(password=OTHER_PASSWORD)
    for _ in range(5):
        await harness.refusal(harness.sign_in("pierre@labo.fr", "wrong"))
        harness.advance(seconds=1)
    refusal = await harness.refusal(harness.sign_in("pierre@labo.fr", OTHER_PASSWORD))
    assert refusal.slug == "too_many_tries"
    harness.advance(seconds=90)
    await harness.ask(harness.sign_in("pierre@labo.fr", OTHER_PASSWORD))
    await harness.refusal(harness.sign_in("pierre@labo.fr", "wrong"))
    assert (await harness.refusal(harness.sign_in("pierre@labo.fr", "wrong"))).retry_after == 180


async def test_pw_11_and_12_an_outdated_hash_is_replaced(harness: RegistrationHarness) -> None:
    await harness.account()
    ring = harness.deps.settings.pepper_keys
    newer = KeyRing((KeyRing.parse(new_key("t2")).current, *ring.keys))
    hasher = Hasher("registration", newer, Cost(20_480, 2, 1), 1)
    object.__setattr__(harness.deps, "hasher", hasher)
    for _ in range(2):
        assert (await harness.ask(harness.sign_in("pierre@labo.fr", PASSWORD))).due == "account"
        (row,) = await harness.fetch("SELECT password_hash, pepper_key_id FROM credentials")
        assert row["pepper_key_id"] == "t2"
        assert "m=20480" in row["password_hash"]
    hasher.close()


async def test_lg_01_lg_02_what_happened_is_logged_without_secrets(
    harness: RegistrationHarness,
) -> None:
    with written_log() as lines:
        await harness.account()
        for _ in range(6):
            await harness.refusal(harness.sign_in("pierre@labo.fr", "Wr0ng-secret"))
        await harness.refusal(harness.form(password="azertyZ9"))
        view = await harness.request("paul@labo.fr")
        await harness.refusal(harness.accept(view.request_id))
    written = lines.getvalue()
    for action in (
        "authn_login_fail",
        "authn_login_lock",
        "excess_rate_limit_exceeded",
        "input_validation_fail",
        "sequence_fail",
    ):
        assert f'"{action}"' in written, action
    secrets = ["Wr0ng-secret", "azertyZ9", PASSWORD, "pierre@labo.fr"]
    secrets += [each for pair in await harness.mailed_secrets() for each in pair if len(each) > 6]
    for secret in secrets:
        assert secret not in written
    assert OWNER in written
