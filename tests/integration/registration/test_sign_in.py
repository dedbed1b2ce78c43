"""Sign-in: the step that the right password leads to, and the throttle."""

from __future__ import annotations

import asyncio

import pytest

from services.registration.hashing import Cost, Hasher
from shared.contracts import registration as contracts
from shared.security.sealing import KeyRing, new_key
from tests.integration.registration.room import OTHER_PASSWORD, PASSWORD, Room
from tests.support.logs import written_log


async def test_the_right_password_leads_to_the_due_step(room: Room) -> None:
    view = await room.request("Pierre@labo.fr")
    found = await room.ask(room.sign_in(" pierre@LABO.fr", PASSWORD))
    assert (found.due, found.request_id) == ("request", view.request_id)
    account_id = await room.account("paul@labo.fr")
    found = await room.ask(room.sign_in("paul@labo.fr", PASSWORD))
    assert (found.due, found.account_id) == ("account", account_id)


async def test_each_of_several_requests_has_its_own_password(room: Room) -> None:
    one, other = await room.request(), await room.request(password=OTHER_PASSWORD)
    assert (await room.ask(room.sign_in("pierre@labo.fr", PASSWORD))).request_id == one.request_id
    found = await room.ask(room.sign_in("pierre@labo.fr", OTHER_PASSWORD))
    assert found.request_id == other.request_id


async def test_g_09_the_password_is_case_sensitive(room: Room) -> None:
    await room.account()
    for wrong in (PASSWORD.lower(), PASSWORD + " ", PASSWORD[:-1], ""):
        assert (
            await room.refusal(room.sign_in("pierre@labo.fr", wrong))
        ).slug == "wrong_credentials"


@pytest.mark.parametrize("address", ["pierre@labo.fr", "nobody@labo.fr", "not an address\0", ""])
async def test_the_sixth_attempt_waits_for_every_address(room: Room, address: str) -> None:
    await room.account()
    for _ in range(5):
        assert (await room.refusal(room.sign_in(address, "wrong"))).slug == "wrong_credentials"
    for password in ("wrong", PASSWORD):
        refusal = await room.refusal(room.sign_in(address, password))
        assert (refusal.slug, refusal.retry_after) == ("too_many_tries", 90)
    room.later(seconds=90)
    assert (await room.refusal(room.sign_in(address, "wrong"))).slug == "wrong_credentials"
    assert (await room.refusal(room.sign_in(address, "wrong"))).retry_after == 180


async def test_au_02_no_more_than_twenty_five_a_day(room: Room) -> None:
    await room.account()
    looked_at = 0
    for _ in range(200):
        refusal = await room.refusal(room.sign_in("pierre@labo.fr", "wrong"))
        if refusal.slug == "wrong_credentials":
            looked_at += 1
        else:
            room.later(seconds=refusal.retry_after or 1)
        if looked_at == 25:
            break
    refusal = await room.refusal(room.sign_in("pierre@labo.fr", PASSWORD))
    assert refusal.slug == "too_many_tries"
    assert (refusal.retry_after or 0) > 3_600


async def test_au_03_parallel_tries_are_all_counted(room: Room) -> None:
    await room.account()
    refusals = await asyncio.gather(
        *(room.refusal(room.sign_in("pierre@labo.fr", "wrong")) for _ in range(30))
    )
    assert sum(each.slug == "wrong_credentials" for each in refusals) == 5


async def test_the_right_password_of_the_account_clears_failures(room: Room) -> None:
    await room.account()
    for _ in range(4):
        await room.refusal(room.sign_in("pierre@labo.fr", "wrong"))
    await room.ask(room.sign_in("pierre@labo.fr", PASSWORD))
    for _ in range(5):
        assert (await room.refusal(room.sign_in("pierre@labo.fr", "wrong"))).slug == (
            "wrong_credentials"
        )


async def test_a_request_for_the_address_clears_no_failures(room: Room) -> None:
    """Anybody can request an account for the address, and knows that request's password."""
    await room.account()
    await room.request(password=OTHER_PASSWORD)
    for _ in range(5):
        await room.refusal(room.sign_in("pierre@labo.fr", "wrong"))
        room.later(seconds=1)
    refusal = await room.refusal(room.sign_in("pierre@labo.fr", OTHER_PASSWORD))
    assert refusal.slug == "too_many_tries"
    room.later(seconds=90)
    await room.ask(room.sign_in("pierre@labo.fr", OTHER_PASSWORD))
    await room.refusal(room.sign_in("pierre@labo.fr", "wrong"))
    assert (await room.refusal(room.sign_in("pierre@labo.fr", "wrong"))).retry_after == 180


async def test_pw_11_and_12_an_outdated_hash_is_replaced(room: Room) -> None:
    await room.account()
    ring = room.deps.settings.pepper_keys
    newer = KeyRing((KeyRing.parse(new_key("t2")).current, *ring.keys))
    hasher = Hasher(newer, Cost(20_480, 2, 1), 1)
    object.__setattr__(room.deps, "hasher", hasher)
    for _ in range(2):
        assert (await room.ask(room.sign_in("pierre@labo.fr", PASSWORD))).due == "account"
        (row,) = await room.fetch("SELECT password_hash, pepper_key_id FROM credentials")
        assert row["pepper_key_id"] == "t2"
        assert "m=20480" in row["password_hash"]
    hasher.close()


async def test_lg_01_lg_02_what_happened_is_logged_without_secrets(room: Room) -> None:
    with written_log() as lines:
        await room.account()
        for _ in range(6):
            await room.refusal(room.sign_in("pierre@labo.fr", "Wr0ng-secret"))
        await room.refusal(room.form(password="azertyZ9"))
        view = await room.request("paul@labo.fr")
        await room.refusal(room.accept(view.request_id))
    said = lines.getvalue()
    for action in (
        "authn_login_fail",
        "authn_login_lock",
        "excess_rate_limit_exceeded",
        "input_validation_fail",
        "sequence_fail",
    ):
        assert f'"{action}"' in said, action
    secrets = ["Wr0ng-secret", "azertyZ9", PASSWORD, "pierre@labo.fr"]
    secrets += [each for letter in await room.letters() for each in letter if len(each) > 6]
    for secret in secrets:
        assert secret not in said
    assert contracts.OWNER in said
