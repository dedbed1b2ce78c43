"""The first phone: one key per enrolment, activated by its first right code."""

import asyncio
import base64
import secrets
from datetime import timedelta
from urllib.parse import parse_qs, unquote, urlsplit
from uuid import uuid4

import pytest

from shared.contracts.mfa.events import AuthenticatorEnrolled
from shared.contracts.mfa.views import EnrolledView, FactorView
from shared.errors import DecryptionError
from shared.security.sealing import Opener
from tests.support.harness.mfa import ADDRESS, BROWSER, START, MfaHarness, Phone


async def test_g_20_an_account_is_protected_once_a_right_code_was_given(
    harness: MfaHarness,
) -> None:
    account = str(uuid4())
    assert await harness.factor(account) == FactorView()
    view = await harness.ask(harness.start(account))
    assert not view.replaces
    assert view.expires_at == START + timedelta(minutes=30)
    phone = harness.phone(view)
    # Nothing is active before.
    assert await harness.factor(account) == FactorView()
    early = harness.check(account, phone.code(harness.now))
    assert (await harness.refusal(early)).slug == "not_enrolled"
    done = await harness.ask(harness.confirm(account, view.enrolment_id, phone.code(harness.now)))
    assert done == EnrolledView(enrolled_at=START, replaced=False, recovery_due=True)
    assert (await harness.factor(account)).enrolled_at == START
    enrolled = AuthenticatorEnrolled(enrolled_at=START, device=BROWSER)
    assert await harness.account_events() == [(account, enrolled)]


async def test_g_21_the_entry_has_service_name_and_address(
    harness: MfaHarness,
) -> None:
    view = await harness.ask(harness.start(str(uuid4())))
    uri = urlsplit(harness.open(view, "uri"))
    assert unquote(uri.path) == f"/IMPEXWEB:{ADDRESS}"
    query = parse_qs(uri.query)
    assert query["issuer"] == ["IMPEXWEB"]
    assert query["secret"] == [harness.open(view, "key")]
    assert [query[name] for name in ("algorithm", "digits", "period")] == [["SHA1"], ["6"], ["30"]]


async def test_g_21_the_entry_of_an_agent_names_the_desk_which_alone_opens_it(
    harness: MfaHarness,
) -> None:
    view = await harness.ask(harness.start(str(uuid4()), front_end="desk"))
    with pytest.raises(DecryptionError):
        harness.open(view, "key")
    harness.gateway = Opener("desk", harness.deps.settings.desk_keys)
    uri = urlsplit(harness.open(view, "uri"))
    assert unquote(uri.path) == f"/IMPEXWEB Assistance:{ADDRESS}"
    assert parse_qs(uri.query)["secret"] == [harness.open(view, "key")]


async def test_ot_01_every_enrolment_has_another_key_of_160_bits(harness: MfaHarness) -> None:
    account = str(uuid4())
    views = [await harness.ask(harness.start(account)) for _ in range(20)]
    keys = {harness.open(view, "key") for view in views}
    assert len(keys) == 20
    assert {len(base64.b32decode(key)) for key in keys} == {20}
    assert harness.deps.random is secrets.token_bytes, "the system's secure source"


async def test_ot_11_a_reload_and_a_wrong_code_keep_the_key(harness: MfaHarness) -> None:
    account = str(uuid4())
    view = await harness.ask(harness.start(account))
    wrong = harness.wrong_code(harness.phone(view))
    for _ in range(30):  # far more than a throttle would allow
        refusal = await harness.refusal(harness.confirm(account, view.enrolment_id, wrong))
        assert (refusal.slug, refusal.params, refusal.retry_after) == ("wrong_code", {}, None)
    again = await harness.ask(harness.describe(account, view.enrolment_id))
    assert harness.open(again, "key") == harness.open(view, "key")
    assert harness.open(again, "uri") == harness.open(view, "uri")
    assert (again.enrolment_id, again.expires_at) == (view.enrolment_id, view.expires_at)
    assert await harness.events() == [], "a wrong first code is not published"
    code = harness.phone(view).code(harness.now)
    assert await harness.outcome(harness.confirm(account, view.enrolment_id, code)) == "done"


async def test_ot_11_a_restart_voids_the_former_enrolment(harness: MfaHarness) -> None:
    account = str(uuid4())
    old = await harness.ask(harness.start(account))
    harness.advance(minutes=20)
    new = await harness.ask(harness.restart(account, old.enrolment_id))
    assert new.enrolment_id != old.enrolment_id
    assert harness.open(new, "key") != harness.open(old, "key")
    assert new.expires_at == harness.now + timedelta(minutes=30)
    code = harness.phone(old).code(harness.now)
    for request in (
        harness.confirm(account, old.enrolment_id, code),
        harness.describe(account, old.enrolment_id),
        harness.restart(account, old.enrolment_id),
    ):
        assert (await harness.refusal(request)).slug == "enrolment_gone"
    # The former key does not confirm the new enrolment either.
    refused = await harness.refusal(harness.confirm(account, new.enrolment_id, code))
    assert refused.slug == "wrong_code"
    code = harness.phone(new).code(harness.now)
    assert await harness.outcome(harness.confirm(account, new.enrolment_id, code)) == "done"


async def test_ot_11_an_enrolment_expires_after_thirty_minutes(harness: MfaHarness) -> None:
    account = str(uuid4())
    view = await harness.ask(harness.start(account))
    harness.advance(minutes=30)
    code = harness.phone(view).code(harness.now)
    for request in (
        harness.confirm(account, view.enrolment_id, code),
        harness.describe(account, view.enrolment_id),
        harness.restart(account, view.enrolment_id),
    ):
        assert (await harness.refusal(request)).slug == "enrolment_gone"


async def test_another_account_cannot_use_an_enrolment(harness: MfaHarness) -> None:
    account, other = str(uuid4()), str(uuid4())
    view = await harness.ask(harness.start(account))
    code = harness.phone(view).code(harness.now)
    for enrolment in (view.enrolment_id, str(uuid4()), "no id", ""):
        for request in (
            harness.describe(other, enrolment),
            harness.restart(other, enrolment),
            harness.confirm(other, enrolment, code),
        ):
            assert (await harness.refusal(request)).slug == "enrolment_gone"
    assert await harness.factor("no id") == FactorView()


async def test_the_first_confirmed_wins_and_voids_the_others(harness: MfaHarness) -> None:
    """Somebody else with the password cannot read the key or enrol another phone afterwards."""
    account = str(uuid4())
    mine, theirs = [await harness.ask(harness.start(account)) for _ in range(2)]
    code = harness.phone(mine).code(harness.now)
    await harness.ask(harness.confirm(account, mine.enrolment_id, code))
    late = harness.phone(theirs).code(harness.now)
    for each in (mine, theirs):
        confirm = harness.confirm(account, each.enrolment_id, late)
        assert (await harness.refusal(confirm)).slug == "already_enrolled"
        for request in (
            harness.describe(account, each.enrolment_id),
            harness.restart(account, each.enrolment_id),
        ):
            assert (await harness.refusal(request)).slug == "enrolment_gone"
    assert (await harness.refusal(harness.start(account))).slug == "already_enrolled"
    stored = await harness.fetch("SELECT key_box, key_id FROM enrolments")
    assert [tuple(row) for row in stored] == [(None, None)] * 2, "their keys are deleted"
    assert len(await harness.events(AuthenticatorEnrolled)) == 1


async def test_db_01_of_twenty_confirmed_at_once_one_is_active(harness: MfaHarness) -> None:
    account = str(uuid4())
    views = [await harness.ask(harness.start(account)) for _ in range(20)]
    outcomes = await asyncio.gather(
        *(
            harness.outcome(
                harness.confirm(account, view.enrolment_id, harness.phone(view).code(harness.now))
            )
            for view in views
        )
    )
    assert sorted(outcomes) == ["already_enrolled"] * 19 + ["done"]
    assert await harness.count("authenticators") == 1
    winner = harness.phone(views[outcomes.index("done")])
    harness.advance(seconds=30)
    assert await harness.outcome(harness.check(account, winner.code(harness.now))) == "done"


async def test_ot_04_the_code_of_the_enrolment_is_used_up(harness: MfaHarness) -> None:
    account = str(uuid4())
    view = await harness.ask(harness.start(account))
    phone = harness.phone(view)
    code = phone.code(harness.now)
    await harness.ask(harness.confirm(account, view.enrolment_id, code))
    first_sign_in = harness.check(account, code)
    assert (await harness.refusal(first_sign_in)).slug == "code_used"
    harness.advance(seconds=30)
    assert await harness.outcome(harness.check(account, phone.code(harness.now))) == "done"


async def test_ot_05_the_drift_is_reported_during_the_enrolment_too(
    harness: MfaHarness,
) -> None:
    account = str(uuid4())
    view = await harness.ask(harness.start(account))
    slow = Phone(harness.open(view, "key"), slow=240)
    first = await harness.refusal(
        harness.confirm(account, view.enrolment_id, slow.code(harness.now))
    )
    assert first.slug == "wrong_code"
    harness.advance(seconds=30)
    second = await harness.refusal(
        harness.confirm(account, view.enrolment_id, slow.code(harness.now))
    )
    assert (second.slug, second.params) == ("clock_off", {"minutes": 4, "direction": "slow"})
    # Once its clock is right, the phone is enrolled.
    slow.slow = 0
    assert (
        await harness.outcome(harness.confirm(account, view.enrolment_id, slow.code(harness.now)))
        == "done"
    )


async def test_g_23_a_step_blocked_during_the_enrolment_stays_blocked(
    harness: MfaHarness,
) -> None:
    account = str(uuid4())
    view = await harness.ask(harness.start(account))
    phone = harness.phone(view)
    ahead = phone.code(harness.now, 8)
    refused = await harness.refusal(harness.confirm(account, view.enrolment_id, ahead))
    assert refused.slug == "wrong_code"
    await harness.ask(harness.confirm(account, view.enrolment_id, phone.code(harness.now)))
    harness.advance(seconds=240)
    assert phone.code(harness.now) == ahead
    assert (await harness.refusal(harness.check(account, ahead))).slug == "code_used"


async def test_ot_08_a_wrong_format_is_an_error_of_the_field(harness: MfaHarness) -> None:
    account = str(uuid4())
    view = await harness.ask(harness.start(account))
    for typed in ("12345", "12345a", "", "12-34567"):
        refusal = await harness.refusal(harness.confirm(account, view.enrolment_id, typed))
        assert refusal.slug == "invalid_fields"
        assert [(error.field, error.code) for error in refusal.errors] == [("code", "format")]
    code = harness.phone(view).code(harness.now)
    typed = f"Votre code : {code[:3]}\u00a0{code[3:]}\t"
    assert await harness.outcome(harness.confirm(account, view.enrolment_id, typed)) == "done"
