"""Requests for an account: what is stored, emitted and refused; quotas."""

import asyncio
from typing import Any

import pytest

from shared.contracts.base import Sealed
from shared.contracts.registration.events import AccountRequested
from shared.contracts.registration.requests import DescribeRequest, RequestAccount
from shared.contracts.registration.views import RequestView
from shared.messaging.handlers import Refused
from shared.security import password_hashing as hashing
from tests.support.harness.registration import PASSWORD, OpenHarness, RegistrationHarness


def codes(refusal: Any) -> set[str]:
    return {f"{error.field}:{error.code}" for error in refusal.errors}


async def test_g_10_a_request_is_stored_and_its_message_requested(
    harness: RegistrationHarness,
) -> None:
    view = await harness.request("Pierre.D@Labo.FR")

    ((event_id, subject, event),) = await harness.published(AccountRequested)
    (row,) = await harness.fetch("SELECT * FROM requests")
    assert (view.due, view.address, view.language) == ("validation", "Pierre.D@labo.fr", "fr")
    assert (view.tries_left, view.resends_left, view.mail.state) == (5, 5, "waiting")
    assert (event.request_id, event.address) == (view.request_id, "Pierre.D@labo.fr")
    assert str(row["account_id"]) == subject
    assert row["mail_event_id"] == event_id
    assert (row["address_key"], row["state"], row["decoy"]) == (
        "pierre.d@labo.fr",
        "pending",
        False,
    )
    assert (view.expires_at - harness.now).total_seconds() == 24 * 3600
    assert await harness.ask(DescribeRequest(request_id=view.request_id)) == view


async def test_re_02_and_b_04_the_database_holds_no_secret(harness: RegistrationHarness) -> None:
    await harness.account("paul@labo.fr")
    await harness.request()
    secrets = [PASSWORD, *(each for pair in await harness.mailed_secrets() for each in pair)]
    tables = ("requests", "links", "outbox", "accounts", "credentials", "counters")
    for table in tables:
        dump = str([tuple(row) for row in await harness.fetch(f"SELECT * FROM {table}")])
        for secret in secrets:
            # Six digits may also occur in a time or an id: codes are not searched for.
            if len(secret) > 6:
                assert secret not in dump, table
    (row,) = await harness.fetch(
        "SELECT code_hash, password_hash FROM requests WHERE code_hash IS NOT NULL"
    )
    assert len(row["code_hash"]) == 32
    assert row["password_hash"].startswith("$argon2id$v=19$m=19456,t=2,p=1$")


async def test_all_errors_are_reported_at_once_and_nothing_is_stored(
    harness: RegistrationHarness,
) -> None:
    form = harness.form("p..d@x.fr", first_name=" ", last_name="a" * 101, password="Kvfz9rL")
    assert codes(await harness.refusal(form)) == {
        "first_name:missing",
        "last_name:too_long",
        "address:format",
        "password:too_short",
    }
    assert await harness.count("requests") == await harness.count("outbox") == 0


@pytest.mark.parametrize(
    ("password", "expected"),
    [
        ("", {"password:missing"}),
        ("Kvfz9rL", {"password:too_short"}),
        ("Kvfz9rLqWx7zGh2mNbTcV", {"password:too_long"}),
        ("kvfzrlq9wx", {"password:mixed_case_missing_upper"}),
        ("MonPassWord8", {"password:forbidden_word"}),
        ("Attestation9", {"password:forbidden_word"}),
        ("Durand2026x", {"password:identity"}),
        ("Xlabo9Kvfz", {"password:identity"}),
        ("Azerty123", {"password:sequence"}),
        ("Soleil2024", {"password:listed_word"}),
        ("Abcd1234", {"password:sequence"}),
        ("Kv1111Zmfq", {"password:repeated"}),
        ("BobBobBob", {"password:too_simple"}),
        ("x" * 2000, {"password:unreadable"}),
    ],
)
async def test_an_invalid_password_is_refused_with_its_reason(
    harness: RegistrationHarness, password: str, expected: set[str]
) -> None:
    refusal = await harness.refusal(harness.form(password=password))
    assert refusal.slug == "invalid_fields"
    assert codes(refusal) >= expected
    if password not in {"Attestation9", "MonPassWord8"}:
        assert codes(refusal) == expected
    # PW-15: the reply does not contain what was typed.
    assert not password or password not in str(refusal)


async def test_pw_13_a_huge_password_is_refused_without_a_hash(
    harness: RegistrationHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    hashes: list[object] = []
    monkeypatch.setattr(hashing, "_argon2id", lambda *args: hashes.append(args))
    huge = "Kvfz9rLq" * 131_072
    assert codes(await harness.refusal(harness.form(password=huge))) == {"password:unreadable"}
    assert (await harness.refusal(harness.sign_in("p@labo.fr", huge))).slug == "wrong_credentials"
    assert hashes == []


async def test_g_08_the_listed_word_is_named(harness: RegistrationHarness) -> None:
    (error,) = (await harness.refusal(harness.form(password="Soleil2024"))).errors
    assert error.params == {"word": "soleil", "source": "french"}


async def test_a_password_that_cannot_be_decrypted_is_unreadable(
    harness: RegistrationHarness,
) -> None:
    form = harness.form()
    box = Sealed(recipient="registration", key_id="t1", box="AAAA")
    forged = RequestAccount(
        first_name=form.first_name,
        last_name=form.last_name,
        address=form.address,
        password=box,
        language="fr",
        network=form.network,
    )
    assert codes(await harness.refusal(forged)) == {"password:unreadable"}


async def test_in_04_payloads_in_every_field_stay_text(harness: RegistrationHarness) -> None:
    for payload in ("'; DROP TABLE requests; --", "%s{0}", "\\", "\u2028"):
        with pytest.raises(Refused):
            await harness.request(first_name=payload, last_name=payload)
    view = await harness.request("o'brien--@labo.fr", first_name="O'Brien", language="xx")
    assert (view.address, view.language) == ("o'brien--@labo.fr", "fr")


async def test_au_17_five_requests_per_address_and_day(harness: RegistrationHarness) -> None:
    for _ in range(5):
        await harness.request("Pierre@labo.fr")
    refusal = await harness.refusal(harness.form("pierre@LABO.fr"))
    assert (refusal.slug, refusal.params) == ("too_many_requests", {"limit": "address"})
    assert refusal.retry_after == 86_400
    await harness.request("paul@labo.fr")
    harness.advance(days=1, seconds=1)
    await harness.request("pierre@labo.fr")


async def test_au_17_parallel_requests_are_counted_one_by_one(harness_with: OpenHarness) -> None:
    async with harness_with(IMPEX_REQUESTS_PER_ADDRESS="3") as harness:
        answers = await asyncio.gather(
            *(harness.request() for _ in range(8)), return_exceptions=True
        )
        assert sum(isinstance(each, RequestView) for each in answers) == 3
        assert await harness.count("requests") == 3


async def test_a_network_has_its_own_quota(
    harness_with: OpenHarness, public: dict[str, str]
) -> None:
    low = {"IMPEX_REQUESTS_PER_NETWORK": "2", "IMPEX_NETWORK_QUOTAS": "198.51.100.0/24=3"}
    async with harness_with(**public, **low) as harness:
        for number in range(2):
            await harness.request(f"p{number}@labo.fr")
        refusal = await harness.refusal(harness.form("p9@labo.fr"))
        assert (refusal.params, refusal.retry_after) == ({"limit": "network"}, 3600)
        # A refused request does not count for the address either.
        assert len(await harness.fetch("SELECT 1 FROM counters WHERE kind = 'address'")) == 4
        for number in range(3):
            await harness.request(f"q{number}@labo.fr", network="198.51.100.0/24")
        with pytest.raises(Refused):
            await harness.request("q9@labo.fr", network="198.51.100.0/24")


async def test_the_try_out_has_no_network_limit(harness_with: OpenHarness) -> None:
    async with harness_with(IMPEX_REQUESTS_PER_NETWORK="1") as harness:
        for number in range(3):
            await harness.request(f"p{number}@labo.fr")


async def test_g_11_another_message_voids_the_former_one(harness: RegistrationHarness) -> None:
    view = await harness.request()
    refusal = await harness.refusal(harness.resend(view.request_id))
    assert (refusal.slug, refusal.retry_after) == ("too_soon", 60)
    harness.advance(seconds=60)
    again = await harness.ask(harness.resend(view.request_id))
    (old_code, old_link), (code, link) = await harness.mailed_secrets()
    assert again.code_sent_at == harness.now
    assert again.resends_left == 4
    assert (await harness.refusal(harness.link(old_link, view.request_id))).slug == "link_replaced"
    if old_code != code:
        assert (await harness.refusal(harness.code(view.request_id, old_code))).slug == "wrong_code"
    assert (await harness.ask(harness.open_link(old_link))).state == "replaced"
    assert (await harness.ask(harness.link(link, view.request_id))).due == "terms"


async def test_au_17_five_further_messages_per_address_and_day(
    harness: RegistrationHarness,
) -> None:
    view = await harness.request()
    for _ in range(5):
        harness.advance(minutes=2)
        await harness.ask(harness.resend(view.request_id))
    harness.advance(minutes=2)
    refusal = await harness.refusal(harness.resend(view.request_id))
    assert (refusal.slug, refusal.params) == ("too_many_requests", {"limit": "sends"})
    assert (await harness.ask(DescribeRequest(request_id=view.request_id))).resends_left == 0


@pytest.mark.parametrize("nonsense", ["", "x", "1" * 500, "0b0f8a52-3c1f-4b0e-9b0a-5b6f3f0f9d11"])
async def test_an_unknown_request_is_gone(harness: RegistrationHarness, nonsense: str) -> None:
    assert (await harness.refusal(DescribeRequest(request_id=nonsense))).slug == "request_gone"
    assert (await harness.refusal(harness.code(nonsense, "123456"))).slug == "request_gone"
