"""Verifying an address: codes, links, scanners, other devices, concurrent verifications."""

import asyncio

import pytest

from shared.contracts.registration.events import AccountRequested, EmailVerified, RequestExpired
from shared.contracts.registration.requests import DescribeRequest
from shared.contracts.registration.views import RequestView
from shared.messaging.handlers import Refused
from tests.support.harness.registration import OTHER_PASSWORD, PASSWORD, RegistrationHarness


def other_than(code: str) -> str:
    return f"{(int(code) + 1) % 1_000_000:06d}"


async def test_g_11_the_code_verifies_the_address(harness: RegistrationHarness) -> None:
    view = await harness.request()
    ((code, _),) = await harness.mailed_secrets()
    verified = await harness.ask(harness.code(view.request_id, f" {code[:3]} {code[3:]} "))
    ((_, subject, event),) = await harness.published(EmailVerified)
    assert (verified.due, verified.verified_at, verified.first_name) == (
        "terms",
        harness.now,
        "Pierre",
    )
    assert (event.request_id, event.by) == (view.request_id, "code")
    assert subject == (await harness.published(AccountRequested))[0][1]


async def test_verifying_twice_is_no_error_and_emits_one_event(
    harness: RegistrationHarness,
) -> None:
    view = await harness.request()
    ((code, link),) = await harness.mailed_secrets()
    for request in (
        harness.code(view.request_id, code),
        harness.code(view.request_id, code),
        harness.link(link, view.request_id),
        harness.link(link, None, PASSWORD),
    ):
        assert (await harness.ask(request)).due == "terms"
    assert len(await harness.events(EmailVerified)) == 1


@pytest.mark.parametrize("form", ["Votre code : {}-{}\t", "\ufeff{}.{}", "{}\u2002{} (24 h)"])
async def test_t_09_what_surrounds_or_parts_the_code_is_left_out(
    harness: RegistrationHarness, form: str
) -> None:
    view = await harness.request()
    ((code, _),) = await harness.mailed_secrets()
    await harness.ask(harness.code(view.request_id, form.format(code[:3], code[3:])))
    assert len(await harness.events(EmailVerified)) == 1


@pytest.mark.parametrize(
    "typed", ["12345", "abcdef", "1234567", "", "１２３４５", "²⁸⁷⁰⁸²", "-12345"]
)
async def test_a_code_has_six_digits(harness: RegistrationHarness, typed: str) -> None:
    view = await harness.request()
    refusal = await harness.refusal(harness.code(view.request_id, typed))
    assert (refusal.slug, refusal.errors[0].code) == ("invalid_fields", "format")
    assert (await harness.ask(DescribeRequest(request_id=view.request_id))).tries_left == 5


async def test_re_03_five_wrong_codes_void_it_until_another_message(
    harness: RegistrationHarness,
) -> None:
    view = await harness.request()
    ((code, _),) = await harness.mailed_secrets()
    wrong = harness.code(view.request_id, other_than(code))
    for left in (4, 3, 2, 1):
        refusal = await harness.refusal(wrong)
        assert (refusal.slug, refusal.params) == ("wrong_code", {"tries_left": left})
    assert (await harness.refusal(wrong)).slug == "code_void"
    assert (await harness.refusal(harness.code(view.request_id, code))).slug == "code_void"
    assert (await harness.ask(DescribeRequest(request_id=view.request_id))).tries_left == 0
    harness.advance(minutes=2)
    await harness.ask(harness.resend(view.request_id))
    code, _ = (await harness.mailed_secrets())[-1]
    assert (await harness.ask(harness.code(view.request_id, code))).due == "terms"


async def test_re_03_parallel_wrong_codes_are_all_counted(harness: RegistrationHarness) -> None:
    view = await harness.request()
    ((code, _),) = await harness.mailed_secrets()
    refusals = await asyncio.gather(
        *(harness.refusal(harness.code(view.request_id, other_than(code))) for _ in range(12))
    )
    assert sorted(each.slug for each in refusals) == ["code_void"] * 8 + ["wrong_code"] * 4


async def test_re_03_the_code_of_one_request_is_not_valid_for_another(
    harness: RegistrationHarness,
) -> None:
    one, other = await harness.request("a@labo.fr"), await harness.request("b@labo.fr")
    (code, link), (other_code, _) = await harness.mailed_secrets()
    if code != other_code:
        assert (await harness.refusal(harness.code(other.request_id, code))).slug == "wrong_code"
    assert (await harness.refusal(harness.link(link, other.request_id))).slug == "password_needed"
    assert (await harness.ask(DescribeRequest(request_id=one.request_id))).due == "validation"


async def test_an_expired_code_and_link_are_refused_with_the_time(
    harness: RegistrationHarness,
) -> None:
    view = await harness.request()
    ((code, link),) = await harness.mailed_secrets()
    harness.advance(hours=24)
    expired = {"at": view.expires_at.isoformat()}
    refusal = await harness.refusal(harness.code(view.request_id, code))
    assert (refusal.slug, refusal.params) == ("code_expired", expired)
    refusal = await harness.refusal(harness.link(link, view.request_id))
    assert (refusal.slug, refusal.params) == ("link_expired", expired)
    assert (await harness.ask(harness.open_link(link))).state == "expired"
    again = await harness.ask(harness.resend(view.request_id))
    assert again.expires_at > harness.now


async def test_re_04_a_scanner_changes_nothing(harness: RegistrationHarness) -> None:
    view = await harness.request()
    ((_, link),) = await harness.mailed_secrets()
    before = await harness.fetch("SELECT * FROM requests")
    for _ in range(10):
        shown = await harness.ask(harness.open_link(link))
        assert (shown.state, shown.needs_password) == ("valid", True)
        assert shown.masked_address == "p***@labo.fr"
    assert (await harness.refusal(harness.link(link))).slug == "password_needed"
    assert await harness.fetch("SELECT * FROM requests") == before
    assert not (await harness.ask(harness.open_link(link, view.request_id))).needs_password
    assert (await harness.ask(harness.link(link, view.request_id))).due == "terms"
    assert (await harness.events(EmailVerified))[0].by == "link"


async def test_another_device_needs_the_password(harness: RegistrationHarness) -> None:
    view = await harness.request()
    ((_, link),) = await harness.mailed_secrets()
    for left in (4, 3):
        refusal = await harness.refusal(harness.link(link, None, OTHER_PASSWORD))
        assert (refusal.slug, refusal.params) == ("wrong_password", {"tries_left": left})
    assert (await harness.ask(harness.open_link(link))).tries_left == 3
    assert (await harness.ask(harness.link(link, None, PASSWORD))).request_id == view.request_id


async def test_five_wrong_passwords_leave_only_the_code(harness: RegistrationHarness) -> None:
    view = await harness.request()
    ((code, link),) = await harness.mailed_secrets()
    refusals = await asyncio.gather(
        *(harness.refusal(harness.link(link, None, OTHER_PASSWORD)) for _ in range(9))
    )
    slugs = sorted(each.slug for each in refusals)
    assert slugs == ["link_password_void"] * 5 + ["wrong_password"] * 4
    assert (await harness.refusal(harness.link(link, None, PASSWORD))).slug == "link_password_void"
    assert (await harness.ask(harness.code(view.request_id, code))).due == "terms"


@pytest.mark.parametrize("cut", [0, 1, 42, 44])
async def test_a_link_truncated_by_the_mail_program(harness: RegistrationHarness, cut: int) -> None:
    view = await harness.request()
    ((_, link),) = await harness.mailed_secrets()
    token = (link + "A")[:cut]
    assert (await harness.ask(harness.open_link(token))).state == "malformed"
    assert (await harness.refusal(harness.link(token, view.request_id))).slug == "link_malformed"


async def test_a_link_that_was_never_sent_is_gone(harness: RegistrationHarness) -> None:
    assert (await harness.ask(harness.open_link("A" * 43))).state == "gone"
    assert (await harness.refusal(harness.link("A" * 43))).slug == "link_gone"


async def test_a_used_link_is_verified(harness: RegistrationHarness) -> None:
    await harness.account()
    ((_, link),) = await harness.mailed_secrets()
    assert (await harness.ask(harness.open_link(link))).state == "verified"
    assert (await harness.refusal(harness.link(link))).slug == "already_verified"
    assert (await harness.refusal(harness.link(link, None, PASSWORD))).slug == "already_verified"


async def test_the_first_verification_voids_the_other_requests(
    harness: RegistrationHarness,
) -> None:
    one, other = await harness.request(), await harness.request(password=OTHER_PASSWORD)
    (code, link), (other_code, _) = await harness.mailed_secrets()
    await harness.ask(harness.code(other.request_id, other_code))
    (expired,) = await harness.events(RequestExpired)
    assert expired.request_id == one.request_id
    assert (await harness.refusal(harness.code(one.request_id, code))).slug == "request_gone"
    assert (await harness.ask(harness.open_link(link))).state == "gone"
    assert (
        await harness.refusal(harness.sign_in("pierre@labo.fr", PASSWORD))
    ).slug == "wrong_credentials"


async def test_two_concurrent_verifications_leave_one_request(harness: RegistrationHarness) -> None:
    views = [await harness.request() for _ in range(4)]
    secrets = await harness.mailed_secrets()
    asked = [
        harness.ask(harness.code(view.request_id, code))
        for view, (code, _) in zip(views, secrets, strict=True)
    ]
    answers = await asyncio.gather(*asked, return_exceptions=True)
    verified = [each for each in answers if isinstance(each, RequestView)]
    refused = [each for each in answers if isinstance(each, Refused)]
    assert (len(verified), len(refused)) == (1, 3)
    assert all(each.refusal.slug == "request_gone" for each in refused)
    assert len(await harness.events(RequestExpired)) == 3


async def test_a_later_verification_replaces_an_unfinished_one(
    harness: RegistrationHarness,
) -> None:
    former = await harness.verified()
    latter = await harness.verified(password=OTHER_PASSWORD)
    assert (await harness.refusal(harness.accept(former))).slug == "request_gone"
    assert (await harness.ask(harness.accept(latter))).due == "created"


async def test_a_verified_request_gets_no_more_messages(harness: RegistrationHarness) -> None:
    request_id = await harness.verified()
    harness.advance(minutes=5)
    assert (await harness.refusal(harness.resend(request_id))).slug == "already_verified"
    refusal = await harness.refusal(harness.correct(request_id, "p@autre.fr"))
    assert refusal.slug == "already_verified"
