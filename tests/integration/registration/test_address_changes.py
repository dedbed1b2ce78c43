"""Changes of an account's address (B-14, B-03)."""

import asyncio
from datetime import timedelta

import pytest
import pytest_asyncio

from services.registration.purge import purge
from shared.contracts.registration.events import (
    AddressChanged,
    AddressChangeRequested,
    KnownAddressRequested,
    PasswordResetRequested,
    RequestExpired,
)
from shared.contracts.registration.views import AddressChangedView, AddressChangeView
from shared.database import transaction
from tests.integration.registration.test_address_codes import wrong
from tests.support.actors.address_changer import DEVICE, NEW, AddressChanger
from tests.support.actors.harness_account_holder import (
    ADDRESS,
    HarnessAccountHolder,
    codes,
    reset_request,
)
from tests.support.harness.registration import (
    OTHER_PASSWORD,
    PASSWORD,
    OpenHarness,
    RegistrationHarness,
)


@pytest_asyncio.fixture(loop_scope="package")
async def changer(harness: RegistrationHarness) -> AddressChanger:
    return await AddressChanger.of(harness)


async def test_b_14_the_account_gets_the_new_address_once_it_is_verified(
    changer: AddressChanger,
) -> None:
    harness = changer.harness
    await harness.ask(changer.check_form())
    assert not await harness.events(AddressChangeRequested)
    view = await harness.ask(changer.request_change())
    assert view == AddressChangeView(
        address=NEW,
        code_sent_at=harness.now,
        expires_at=harness.now + timedelta(minutes=60),
        resend_at=harness.now + timedelta(seconds=60),
        resends_left=5,
        tries_left=5,
    )
    assert await harness.ask(changer.describe()) == view
    ((_, subject, event),) = await harness.published(AddressChangeRequested)
    assert subject == changer.holder.account_id
    assert (event.address, event.new_address, event.language) == (ADDRESS, NEW, "fr")
    assert (event.device, event.again) == (DEVICE, False)
    assert await changer.signs_in(ADDRESS)
    assert not await changer.signs_in(NEW)
    harness.advance(minutes=3)
    done = await harness.ask(changer.confirm(await changer.code()))
    assert done == AddressChangedView(address=NEW, changed_at=harness.now)
    ((_, subject, changed),) = await harness.published(AddressChanged)
    assert subject == changer.holder.account_id
    assert changed == AddressChanged(
        address=NEW, former_address=ADDRESS, by="holder", changed_at=harness.now, device=DEVICE
    )
    assert await changer.signs_in(NEW.upper())
    assert not await changer.signs_in(ADDRESS)
    row = await changer.holder.row()
    assert (row["address"], row["verified_at"]) == (NEW, harness.now)
    assert await harness.count("address_changes") == 0
    assert await harness.outcome(changer.confirm(await changer.code())) == "no_change"


@pytest.mark.parametrize(
    ("address", "password", "expected"),
    [
        ("", PASSWORD, ["address:missing"]),
        ("pas une adresse", PASSWORD, ["address:format"]),
        (ADDRESS, PASSWORD, ["address:unchanged"]),
        (NEW, "", ["password:missing"]),
        ("", "", ["address:missing", "password:missing"]),
        (NEW, OTHER_PASSWORD, ["password:wrong"]),
        ("kvfz@labo.fr", PASSWORD, ["password:identity"]),
        ("wmqt@labo.fr", OTHER_PASSWORD, ["password:wrong"]),
    ],
)
async def test_b_14_the_errors_of_the_form(
    changer: AddressChanger, address: str, password: str, expected: list[str]
) -> None:
    for form in (changer.check_form(address, password), changer.request_change(address, password)):
        assert codes(await changer.harness.refusal(form)) == expected
    assert not await changer.harness.events(AddressChangeRequested)


async def test_g_05_a_likely_typo_gets_a_suggestion_and_can_be_confirmed(
    changer: AddressChanger,
) -> None:
    refusal = await changer.harness.refusal(
        changer.check_form("marie@gmial.com", point_out_slip=True)
    )
    assert (refusal.slug, refusal.params["suggestion"]) == ("likely_slip", "marie@gmail.com")
    assert (
        await changer.harness.ask(changer.request_change("marie@gmial.com"))
    ).address == "marie@gmial.com"


async def test_au_02_wrong_passwords_are_counted_like_those_of_a_known_browser(
    changer: AddressChanger,
) -> None:
    for _ in range(5):
        await changer.harness.refusal(changer.check_form(password=OTHER_PASSWORD))
    assert await changer.harness.outcome(changer.request_change()) == "too_many_tries"
    assert await changer.harness.outcome(changer.holder.check(PASSWORD)) == "too_many_tries"


async def test_b_03_an_address_that_has_an_account_gets_the_same_answers(
    harness: RegistrationHarness,
) -> None:
    other = await HarnessAccountHolder.of(harness, NEW)
    changer = await AddressChanger.of(harness)
    view = await harness.ask(changer.request_change())
    assert (view.address, view.tries_left) == (NEW, 5)
    ((_, subject, notified),) = await harness.published(KnownAddressRequested)
    assert (subject, notified.address, notified.expires_at) == (
        other.account_id,
        NEW,
        view.expires_at,
    )
    (emitted,) = await harness.events(AddressChangeRequested)
    assert (emitted.code, emitted.address) == (None, ADDRESS)
    for left in (4, 3, 2, 1):
        refusal = await harness.refusal(changer.confirm("123456"))
        assert (refusal.slug, refusal.params) == ("wrong_code", {"tries_left": left})
    assert await harness.outcome(changer.confirm("123456")) == "code_void"
    harness.advance(minutes=2)
    assert (await harness.ask(changer.resend())).tries_left == 5
    assert (await harness.events(AddressChangeRequested))[-1].again
    assert len(await harness.events(KnownAddressRequested)) == 2
    harness.advance(hours=2)
    assert await harness.outcome(changer.confirm("123456")) == "code_expired"


async def test_au_03_a_code_has_five_tries_and_a_new_one_voids_the_former(
    changer: AddressChanger,
) -> None:
    harness = changer.harness
    await harness.ask(changer.request_change())
    first = await changer.code()
    assert codes(await harness.refusal(changer.confirm("12345"))) == ["code:format"]
    assert await harness.outcome(changer.resend()) == "too_soon"
    for _ in range(4):
        assert await harness.outcome(changer.confirm(wrong(first))) == "wrong_code"
    assert await harness.outcome(changer.confirm(wrong(first))) == "code_void"
    assert await harness.outcome(changer.confirm(first)) == "code_void"
    harness.advance(minutes=2)
    await harness.ask(changer.resend())
    second = await changer.code()
    assert (await harness.events(AddressChangeRequested))[-1].language == "en"
    if second != first:
        assert await harness.outcome(changer.confirm(first)) == "wrong_code"
    assert await harness.outcome(changer.confirm(second)) == "done"


async def test_re_02_a_code_expires_and_the_change_is_deleted_after_a_day(
    changer: AddressChanger,
) -> None:
    harness = changer.harness
    await harness.ask(changer.request_change())
    code = await changer.code()
    harness.advance(minutes=60)
    refusal = await harness.refusal(changer.confirm(code))
    assert (refusal.slug, refusal.params) == ("code_expired", {"at": harness.now.isoformat()})
    harness.advance(hours=22, minutes=59)
    view = await harness.ask(changer.resend())
    assert view.expires_at == harness.now + timedelta(minutes=1)
    harness.advance(minutes=1)
    assert await harness.outcome(changer.describe()) == "no_change"
    assert await harness.outcome(changer.confirm(await changer.code())) == "no_change"
    await purge(harness.pool, harness.now)
    assert await harness.count("address_changes") == 0


async def test_address_changes_are_rate_limited_per_account(harness_with: OpenHarness) -> None:
    async with harness_with(IMPEX_ADDRESS_CHANGES="2", IMPEX_RESENDS_PER_ADDRESS="1") as harness:
        changer = await AddressChanger.of(harness)
        await harness.ask(changer.request_change("a.neuve@labo.fr"))
        await harness.ask(changer.request_change("b.neuve@labo.fr"))
        refusal = await harness.refusal(changer.request_change("c.neuve@labo.fr"))
        assert (refusal.slug, refusal.params) == ("too_many_requests", {"limit": "changes"})
        harness.advance(minutes=2)
        assert (await harness.ask(changer.resend())).resends_left == 0
        harness.advance(minutes=2)
        refusal = await harness.refusal(changer.resend())
        assert (refusal.slug, refusal.params) == ("too_many_requests", {"limit": "sends"})
        harness.advance(days=1)
        await harness.ask(changer.request_change("c.neuve@labo.fr"))


@pytest.mark.parametrize("slip", [False, True])
async def test_o_21_beyond_the_limit_the_code_is_not_used_up(
    harness_with: OpenHarness, slip: bool
) -> None:
    """The form is refused before the authenticator's code is checked, and again a day later."""
    async with harness_with(IMPEX_ADDRESS_CHANGES="1") as harness:
        changer = await AddressChanger.of(harness)
        await harness.ask(changer.request_change("a.neuve@labo.fr"))
        form = changer.check_form("b.neuve@gmial.com", point_out_slip=slip)
        refusal = await harness.refusal(form)
        assert (refusal.slug, refusal.params) == ("too_many_requests", {"limit": "changes"})
        assert not await harness.is_stored(form)
        harness.advance(days=1)
        assert await harness.outcome(form) == ("likely_slip" if slip else "done")


async def test_b_14_of_two_accounts_with_one_new_address_the_first_verification_wins(
    harness: RegistrationHarness,
) -> None:
    one, two = await AddressChanger.of(harness), await AddressChanger.of(harness, "jean@labo.fr")
    await harness.ask(one.request_change())
    first = await one.code()
    await harness.ask(two.request_change())
    second = await two.code()
    outcomes = await asyncio.gather(
        harness.outcome(one.confirm(first)), harness.outcome(two.confirm(second))
    )
    assert sorted(outcomes) == ["address_taken", "done"]
    assert len(await harness.events(AddressChanged)) == 1
    assert (
        len(await harness.fetch("SELECT 1 FROM accounts WHERE address_key = lower($1)", NEW)) == 1
    )


async def test_b_14_a_verified_request_for_an_account_came_first(changer: AddressChanger) -> None:
    harness = changer.harness
    await harness.ask(changer.request_change())
    code = await changer.code()
    request_id = await harness.verified(NEW)
    assert await harness.outcome(changer.confirm(code)) == "address_taken"
    assert await harness.outcome(harness.accept(request_id)) == "done"
    assert await harness.outcome(changer.describe()) == "no_change"


async def test_b_14_an_unverified_request_is_deleted_by_the_change(changer: AddressChanger) -> None:
    harness = changer.harness
    pending = await harness.request(NEW)
    code, _ = (await harness.mailed_secrets())[-1]
    await harness.ask(changer.request_change())
    await harness.ask(changer.confirm(await changer.code()))
    assert await harness.outcome(harness.code(pending.request_id, code)) == "request_gone"
    expired = await harness.events(RequestExpired)
    assert [one.request_id for one in expired] == [pending.request_id]


async def test_b_14_a_new_password_voids_the_change(changer: AddressChanger) -> None:
    harness = changer.harness
    await harness.ask(changer.request_change())
    code = await changer.code()
    await harness.ask(changer.holder.change(PASSWORD, OTHER_PASSWORD))
    assert await harness.outcome(changer.confirm(code)) == "no_change"
    assert await changer.signs_in(ADDRESS, OTHER_PASSWORD)


async def test_b_14_links_in_the_former_mailbox_are_void(changer: AddressChanger) -> None:
    harness = changer.harness
    await harness.ask(reset_request())
    link = await changer.holder.secret(PasswordResetRequested)
    await harness.ask(changer.request_change())
    await harness.ask(changer.confirm(await changer.code()))
    assert await harness.outcome(changer.holder.reset(link)) == "link_gone"


async def test_a_freeze_soon_after_a_change_restricts_to_support(changer: AddressChanger) -> None:
    harness = changer.harness
    await harness.ask(changer.request_change())
    await harness.ask(changer.confirm(await changer.code()))
    frozen = await changer.holder.disavow(changer.holder.disavowal())
    assert frozen.desk_only


async def test_b_14_an_account_closed_in_the_meantime(changer: AddressChanger) -> None:
    harness = changer.harness
    await harness.ask(changer.request_change())
    code = await changer.code()
    await changer.holder.disavow(changer.holder.disavowal())
    for act in (
        changer.confirm(code),
        changer.resend(),
        changer.request_change(),
        changer.check_form(),
        changer.cancel(),
    ):
        assert await harness.outcome(act) == "account_closed"
    assert await harness.outcome(changer.describe()) == "no_change"


async def test_b_14_a_cancelled_change(changer: AddressChanger) -> None:
    harness = changer.harness
    await harness.ask(changer.request_change())
    code = await changer.code()
    await harness.ask(changer.cancel())
    await harness.ask(changer.cancel())
    assert await harness.outcome(changer.describe()) == "no_change"
    assert await harness.outcome(changer.confirm(code)) == "no_change"
    assert await harness.count("address_changes") == 0


async def test_re_08_another_spelling_of_the_own_address_is_a_change(
    changer: AddressChanger,
) -> None:
    harness = changer.harness
    await harness.ask(changer.request_change("Pierre@labo.fr"))
    await harness.ask(changer.confirm(await changer.code()))
    assert (await changer.holder.row())["address"] == "Pierre@labo.fr"
    assert await changer.signs_in(ADDRESS)


async def test_re_03_no_code_is_stored_in_clear(changer: AddressChanger) -> None:
    harness = changer.harness
    await harness.ask(changer.request_change())
    code = await changer.code()
    async with transaction(harness.pool) as tx:
        row = await tx.fetchrow("SELECT * FROM address_changes")
    assert code not in str(dict(row))
    assert PASSWORD not in str(dict(row))
