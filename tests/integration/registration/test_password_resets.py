"""Forgotten passwords: the link, its states and its use (G-44, RE-06, B-03)."""

import asyncio
from datetime import timedelta

import pytest

from shared.contracts.registration.events import (
    LostPhoneClaimed,
    PasswordChanged,
    PasswordResetRequested,
    UnknownAddressAsked,
)
from shared.contracts.registration.requests import DescribeReset, RequestPasswordReset
from shared.contracts.registration.views import Done, MailedLinkView, PasswordChangedView
from shared.messaging.handlers import Refused
from tests.support.actors.harness_account_holder import (
    ADDRESS,
    OTHER_NETWORK,
    UNKNOWN,
    HarnessAccountHolder,
    codes,
    lost_phone_claim,
    reset_request,
)
from tests.support.harness.registration import (
    OTHER_PASSWORD,
    PASSWORD,
    OpenHarness,
    RegistrationHarness,
)


async def test_g_44_a_link_sets_a_new_password_once(harness: RegistrationHarness) -> None:
    holder = await HarnessAccountHolder.of(harness)
    token = await holder.reset_link()
    ((_, subject, event),) = await harness.published(PasswordResetRequested)
    assert subject == holder.account_id
    assert (event.address, event.thaws) == (ADDRESS, False)
    assert event.expires_at == harness.now + timedelta(minutes=60)
    harness.advance(minutes=59)
    view = await harness.ask(holder.reset(token))
    assert view == PasswordChangedView(account_id=holder.account_id, changed_at=harness.now)
    ((_, subject, changed),) = await harness.published(PasswordChanged)
    assert (subject, changed.by, changed.device) == (holder.account_id, "reset", "Safari, macOS")
    assert not await holder.can_sign_in_with(PASSWORD)
    assert await holder.can_sign_in_with(OTHER_PASSWORD)
    refusal = await harness.refusal(holder.reset(token, PASSWORD))
    assert (refusal.slug, refusal.params) == ("link_used", {"at": harness.now.isoformat()})
    assert await holder.can_sign_in_with(OTHER_PASSWORD)


async def test_re_06_a_request_alone_does_not_change_the_account(
    harness: RegistrationHarness,
) -> None:
    holder = await HarnessAccountHolder.of(harness)
    before = await holder.row()
    await harness.ask(reset_request())
    assert await holder.row() == before
    assert await holder.can_sign_in_with(PASSWORD)


async def test_re_04_a_scanner_changes_nothing(harness: RegistrationHarness) -> None:
    holder = await HarnessAccountHolder.of(harness)
    token = await holder.reset_link()
    before = await harness.fetch("SELECT * FROM mailed_links")
    for _ in range(10):
        view = await harness.ask(holder.follow(DescribeReset, token))
        assert (view.state, view.at) == ("valid", harness.now + timedelta(minutes=60))
        assert codes(await harness.refusal(holder.reset(token, ""))) == ["password:missing"]
    assert await harness.fetch("SELECT * FROM mailed_links") == before
    assert (await harness.ask(holder.reset(token))).account_id == holder.account_id


async def test_re_05_a_reset_carries_a_token_and_nothing_that_a_browser_sent(
    harness: RegistrationHarness,
) -> None:
    """The mailer's settings set the link's host: no request can name another one."""
    await HarnessAccountHolder.of(harness)
    assert set(RequestPasswordReset.__struct_fields__) == {
        "address",
        "language",
        "network",
    }
    await harness.ask(reset_request())
    (event,) = await harness.events(PasswordResetRequested)
    assert "http" not in repr(event)


async def test_ot_16_a_reset_does_not_touch_the_second_factor(harness: RegistrationHarness) -> None:
    """It opens no session and removes no factor: the only event is the new password."""
    holder = await HarnessAccountHolder.of(harness)
    token = await holder.reset_link()
    before = {id_ for id_, _, _ in await harness.published()}
    view = await harness.ask(holder.reset(token))
    assert set(view.__struct_fields__) == {"account_id", "changed_at"}
    emitted = [event for id_, _, event in await harness.published() if id_ not in before]
    assert [type(event) for event in emitted] == [PasswordChanged]


@pytest.mark.parametrize(
    ("password", "expected"),
    [
        ("court", "too_short"),
        ("Kx7Durand9z", "identity"),
        ("", "missing"),
        ("a" * 2_000, "unreadable"),
    ],
)
async def test_g_44_an_invalid_password_leaves_the_link_valid(
    harness: RegistrationHarness, password: str, expected: str
) -> None:
    holder = await HarnessAccountHolder.of(harness)
    token = await holder.reset_link()
    assert f"password:{expected}" in codes(await harness.refusal(holder.reset(token, password)))
    assert (await harness.ask(holder.follow(DescribeReset, token))).state == "valid"
    await harness.ask(holder.reset(token))


async def test_re_02_only_the_latest_link_works(harness: RegistrationHarness) -> None:
    """A living link stays the latest; after it another one is sent."""
    holder = await HarnessAccountHolder.of(harness)
    old = await holder.reset_link()
    assert await holder.reset_link() == old
    harness.advance(minutes=61)
    new = await holder.reset_link()
    assert (await harness.refusal(holder.reset(old))).slug == "link_replaced"
    assert (await harness.ask(holder.follow(DescribeReset, old))).state == "replaced"
    await harness.ask(holder.reset(new))
    assert (await harness.ask(holder.follow(DescribeReset, new))).state == "used"


async def test_re_02_only_hashes_are_stored(harness: RegistrationHarness) -> None:
    holder = await HarnessAccountHolder.of(harness)
    token = await holder.reset_link()
    await harness.ask(reset_request(UNKNOWN))
    rows = await harness.fetch("SELECT m::text AS text FROM mailed_links AS m")
    for row in rows:
        assert token not in row["text"]
        assert token.encode().hex() not in row["text"]
        assert "labo.fr" not in row["text"]


async def test_an_expired_link_is_refused_with_the_time(harness: RegistrationHarness) -> None:
    holder = await HarnessAccountHolder.of(harness)
    token = await holder.reset_link()
    at = harness.now + timedelta(minutes=60)
    harness.advance(minutes=60)
    refusal = await harness.refusal(holder.reset(token))
    assert (refusal.slug, refusal.params) == ("link_expired", {"at": at.isoformat()})
    view = await harness.ask(holder.follow(DescribeReset, token))
    assert view == MailedLinkView(state="expired", at=at)


async def test_a_link_of_another_kind_or_without_account_is_gone(
    harness: RegistrationHarness,
) -> None:
    holder = await HarnessAccountHolder.of(harness)
    await harness.ask(lost_phone_claim())
    other = await holder.secret(LostPhoneClaimed)
    for token, slug in ((other, "gone"), ("A" * 43, "gone"), ("A" * 42, "malformed")):
        assert (await harness.refusal(holder.reset(token))).slug == f"link_{slug}"
        assert (await harness.ask(holder.follow(DescribeReset, token))).state == slug


async def test_of_two_uses_at_once_one_counts(harness: RegistrationHarness) -> None:
    holder = await HarnessAccountHolder.of(harness)
    token = await holder.reset_link()
    uses = [holder.reset(token, OTHER_PASSWORD), holder.reset(token, "Ghtz7bNw")]
    prepared = [await harness.prepare(each) for each in uses]
    answers = await asyncio.gather(
        *(harness.execute(a, b) for a, b in zip(uses, prepared, strict=True)),
        return_exceptions=True,
    )
    (refused,) = [each for each in answers if isinstance(each, Refused)]
    assert refused.refusal.slug == "link_used"
    assert len(await harness.events(PasswordChanged)) == 1
    won = [await holder.can_sign_in_with(each) for each in (OTHER_PASSWORD, "Ghtz7bNw")]
    assert won == [isinstance(each, PasswordChangedView) for each in answers]


async def test_a_reset_clears_every_login_throttle(harness: RegistrationHarness) -> None:
    holder = await HarnessAccountHolder.of(harness)
    for number in range(25):
        await harness.refusal(harness.sign_in(ADDRESS, "x", f"10.0.{number % 5}.0/24"))
    for _ in range(5):
        await harness.refusal(holder.check("x"))
    await harness.ask(holder.reset(await holder.reset_link()))
    for request in (
        harness.sign_in(ADDRESS, OTHER_PASSWORD, "10.0.0.0/24"),
        harness.sign_in(ADDRESS, OTHER_PASSWORD, OTHER_NETWORK),
        harness.sign_in(ADDRESS, OTHER_PASSWORD, known=(holder.account_id,)),
        holder.check(OTHER_PASSWORD),
    ):
        await harness.ask(request)


async def test_ot_13_a_reset_verifies_the_address_again(harness: RegistrationHarness) -> None:
    """Who never enrolled needs no second mail."""
    holder = await HarnessAccountHolder.of(harness)
    harness.advance(days=30)
    await harness.ask(holder.reset(await holder.reset_link()))
    view = await harness.ask(harness.sign_in(ADDRESS, OTHER_PASSWORD))
    assert view.enrol_before == harness.now + timedelta(hours=24)


@pytest.mark.parametrize("state", [None, "deactivated", "frozen"])
async def test_b_03_an_address_without_an_open_account_is_notified_by_mail(
    harness: RegistrationHarness, state: str | None
) -> None:
    """`frozen` here is restricted to support."""
    holder = await HarnessAccountHolder.of(harness)
    address = UNKNOWN
    if state is not None:
        await holder.close(state, desk_only=True)
        address = ADDRESS
    assert await harness.ask(reset_request(address)) == Done()
    ((_, subject, event),) = await harness.published(UnknownAddressAsked, PasswordResetRequested)
    assert subject is None
    assert event == UnknownAddressAsked(
        address=address,
        language="fr",
        about="password",
        requested_at=harness.now,
        closed=state is not None,
    )


async def test_au_08_known_and_unknown_write_the_same_rows(harness: RegistrationHarness) -> None:
    await HarnessAccountHolder.of(harness)
    grown = []
    for ask in (reset_request, lost_phone_claim):
        for address in (ADDRESS, UNKNOWN):
            tables = ("outbox", "mailed_links", "counters")
            before = [await harness.count(table) for table in tables]
            await harness.ask(ask(address))
            await harness.ask(ask(address))
            after = [await harness.count(table) for table in tables]
            grown.append([b - a for a, b in zip(before, after, strict=True)])
    assert grown == [[1, 1, 2]] * 4


@pytest.mark.parametrize("address", [ADDRESS, UNKNOWN])
async def test_five_resets_per_address_and_day_apart_from_account_requests(
    harness: RegistrationHarness, address: str
) -> None:
    await HarnessAccountHolder.of(harness)
    for _ in range(5):
        await harness.ask(reset_request(address))
        harness.advance(minutes=61)
    refusal = await harness.refusal(reset_request(address))
    assert (refusal.slug, refusal.params) == ("too_many_requests", {"limit": "address"})
    assert refusal.retry_after == 86_400 - 5 * 61 * 60
    await harness.request(address, password=OTHER_PASSWORD)
    await harness.ask(lost_phone_claim(address))
    harness.advance(days=1)
    await harness.ask(reset_request(address))


async def test_account_requests_do_not_count_as_resets(harness: RegistrationHarness) -> None:
    await HarnessAccountHolder.of(harness)
    for _ in range(4):
        await harness.request(password=OTHER_PASSWORD)
    assert (
        await harness.refusal(harness.form(password=OTHER_PASSWORD))
    ).slug == "too_many_requests"
    await harness.ask(reset_request())


async def test_resets_per_network_are_counted_apart(
    harness_with: OpenHarness, public: dict[str, str]
) -> None:
    limits = {"IMPEX_REQUESTS_PER_NETWORK": "3", "IMPEX_NETWORK_QUOTAS": f"{OTHER_NETWORK}=4"}
    async with harness_with(**public, **limits) as harness:
        for number in range(3):
            await harness.ask(reset_request(f"p{number}@labo.fr"))
        refusal = await harness.refusal(reset_request("more@labo.fr"))
        assert (refusal.slug, refusal.params) == ("too_many_requests", {"limit": "network"})
        await harness.request("new@labo.fr")
        for number in range(4):
            await harness.ask(reset_request(f"q{number}@labo.fr", network=OTHER_NETWORK))
        assert (await harness.refusal(reset_request("more@labo.fr", OTHER_NETWORK))).slug == (
            "too_many_requests"
        )


async def test_au_17_parallel_resets_send_one_link(harness: RegistrationHarness) -> None:
    await HarnessAccountHolder.of(harness)
    asked = (harness.ask(reset_request()) for _ in range(20))
    answers = await asyncio.gather(*asked, return_exceptions=True)
    assert sum(isinstance(each, Done) for each in answers) == 20
    assert len(await harness.events(PasswordResetRequested)) == 1
    good = await harness.fetch("SELECT 1 FROM mailed_links WHERE NOT replaced")
    assert len(good) == 1


async def test_a_malformed_address_is_refused(harness: RegistrationHarness) -> None:
    assert codes(await harness.refusal(reset_request("pierre"))) == ["address:format"]
    assert codes(await harness.refusal(reset_request(""))) == ["address:missing"]
    assert await harness.count("mailed_links") == 0
