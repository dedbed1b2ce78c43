"""An address that has an account: only a mail to its holder reveals it (B-03, AU-08, EM-15).

`benchmarks/equal_timing.py` measures that both take the same time.
"""

from typing import Any

import msgspec
import pytest

from services.registration.purge import purge
from shared.contracts.mailer import MailAccepted
from shared.contracts.registration.events import (
    KnownAddressRequested,
    RequestCancelled,
    RequestExpired,
)
from shared.contracts.registration.requests import CancelRequest, DescribeRequest
from shared.contracts.registration.views import RequestView, SignInView
from shared.database import transaction
from shared.security import password_hashing as hashing
from shared.security.password_hashing import Cost, Hasher
from shared.security.sealing import KeyRing, new_key
from tests.support.harness.registration import (
    OTHER_PASSWORD,
    PASSWORD,
    RegistrationHarness,
)

KNOWN, UNKNOWN = "known@labo.fr", "other@labo.fr"


def comparable(view: RequestView) -> dict[str, Any]:
    """A view without the fields in which two requests may differ."""
    shown: dict[str, Any] = msgspec.to_builtins(view)
    return {key: value for key, value in shown.items() if key not in {"request_id", "address"}}


async def known(harness: RegistrationHarness) -> None:
    """An account at KNOWN, old enough that its request and counters are deleted."""
    await harness.account(KNOWN)
    harness.advance(days=3)
    await purge(harness.pool, harness.now)
    async with transaction(harness.pool) as tx:
        await tx.execute("DELETE FROM outbox")


async def put(harness: RegistrationHarness, state: str) -> None:
    """Put every account into a state."""
    async with transaction(harness.pool) as tx:
        await tx.execute("UPDATE accounts SET state = $1, frozen_at = $2", state, harness.now)


async def both(harness: RegistrationHarness, make: Any) -> tuple[Any, Any]:
    """The reply or refusal for a known and for an unknown address."""
    answers = []
    for address in (KNOWN, UNKNOWN):
        try:
            answers.append(await harness.ask(make(address)))
        except Exception as refused:
            answers.append(refused.refusal)  # type: ignore[attr-defined]
    return answers[0], answers[1]


async def test_b_03_a_decoy_behaves_like_a_request_to_its_end(harness: RegistrationHarness) -> None:
    await known(harness)
    decoy, real = await both(
        harness, lambda address: harness.form(address, password=OTHER_PASSWORD)
    )
    assert comparable(decoy) == comparable(real)
    ids = {KNOWN: decoy.request_id, UNKNOWN: real.request_id}

    steps = [
        lambda a: DescribeRequest(request_id=ids[a]),
        lambda a: harness.code(ids[a], "x"),
        lambda a: harness.resend(ids[a]),
        lambda a: harness.sign_in(a, OTHER_PASSWORD),
        lambda a: harness.accept(ids[a]),
    ]
    for step in steps:
        mine, other = await both(harness, step)
        if isinstance(mine, SignInView):
            assert (mine.due, mine.request_id) == ("request", ids[KNOWN])
            assert (other.due, other.request_id) == ("request", ids[UNKNOWN])
        elif isinstance(mine, RequestView):
            assert comparable(mine) == comparable(other)
        else:
            assert mine == other
    harness.advance(minutes=2)
    mine, other = await both(harness, lambda a: harness.resend(ids[a]))
    assert comparable(mine) == comparable(other)


async def test_em_15_the_holder_is_notified_and_nobody_gets_a_code(
    harness: RegistrationHarness,
) -> None:
    await known(harness)
    view = await harness.request(KNOWN, password=OTHER_PASSWORD)
    ((event_id, subject, event),) = await harness.published()
    (account,) = await harness.fetch("SELECT id FROM accounts")
    assert isinstance(event, KnownAddressRequested)
    assert (event.address, event.request_id) == (KNOWN, view.request_id)
    assert subject == str(account["id"])
    # The page shows the delivery of that message, as for any other.
    await harness.handle_event(
        MailAccepted(mail_id="m", cause=event_id, template="known_account", at=harness.now)
    )
    shown = await harness.ask(DescribeRequest(request_id=view.request_id))
    assert shown.mail.state == "accepted"


async def test_a_decoys_code_is_never_right(
    harness: RegistrationHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    await known(harness)
    monkeypatch.setattr("services.registration.handlers.mailed_codes.new_code", lambda _: "123456")
    view = await harness.request(KNOWN, password=OTHER_PASSWORD)
    refusal = await harness.refusal(harness.code(view.request_id, "123456"))
    assert (refusal.slug, refusal.params) == ("wrong_code", {"tries_left": 4})


async def test_b_03_five_wrong_codes_void_a_decoys_code_too(harness: RegistrationHarness) -> None:
    await known(harness)
    view = await harness.request(KNOWN, password=OTHER_PASSWORD)
    slugs = [
        (await harness.refusal(harness.code(view.request_id, "123456"))).slug for _ in range(6)
    ]
    assert slugs == ["wrong_code"] * 4 + ["code_void"] * 2


@pytest.mark.parametrize("state", ["deactivated", "frozen", "thawing"])
async def test_a_closed_account_gets_the_same_answers(
    harness: RegistrationHarness, state: str
) -> None:
    await known(harness)
    await put(harness, state)
    await harness.request(KNOWN, password=OTHER_PASSWORD)
    assert len(await harness.events(KnownAddressRequested)) == 1
    if state == "thawing":
        assert (await harness.ask(harness.sign_in(KNOWN, PASSWORD))).due == "account"
    else:  # A closed account's own password is refused like a wrong one.
        assert (await harness.refusal(harness.sign_in(KNOWN, PASSWORD))).slug == "wrong_credentials"


async def test_a_request_may_be_corrected_to_and_from_a_known_address(
    harness: RegistrationHarness,
) -> None:
    await known(harness)
    view = await harness.request(UNKNOWN)
    await harness.ask(harness.correct(view.request_id, KNOWN))
    assert (await harness.refusal(harness.code(view.request_id, "123456"))).slug == "wrong_code"
    await harness.ask(harness.correct(view.request_id, "third@labo.fr"))
    code, _ = (await harness.mailed_secrets())[-1]
    assert (await harness.ask(harness.code(view.request_id, code))).due == "terms"
    assert len(await harness.events(KnownAddressRequested)) == 1


async def test_b_03_a_decoy_is_cancelled_and_purged_like_any_other(
    harness: RegistrationHarness,
) -> None:
    await known(harness)
    for address in (KNOWN, UNKNOWN):
        view = await harness.request(address, password=OTHER_PASSWORD)
        await harness.ask(CancelRequest(request_id=view.request_id))
        await harness.request(address, password=OTHER_PASSWORD)
    harness.advance(hours=48)
    await purge(harness.pool, harness.now)
    assert len(await harness.events(RequestCancelled)) == 2
    assert len(await harness.events(RequestExpired)) == 2
    assert await harness.count("accounts") == 1


async def test_au_08_the_same_hashes_and_rows_whatever_the_address_has(
    harness: RegistrationHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    await known(harness)
    hashes: list[int] = []
    original = hashing._argon2id
    monkeypatch.setattr(hashing, "_argon2id", lambda *a: (hashes.append(1), original(*a))[1])
    tables = ("requests", "links", "outbox", "counters")
    counted = {}
    for address in (KNOWN, UNKNOWN):
        hashes.clear()
        before = [await harness.count(table) for table in tables]
        await harness.request(address, password=OTHER_PASSWORD)
        await harness.refusal(harness.sign_in(address, "Zzzz9999a"))
        after = [await harness.count(table) for table in tables]
        counted[address] = (len(hashes), [b - a for a, b in zip(before, after, strict=True)])
    assert counted[KNOWN] == counted[UNKNOWN]
    assert counted[KNOWN][0] == 2


async def test_s_06_every_address_costs_the_same_after_the_settings_were_raised(
    harness: RegistrationHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Old and new hashes, requests, closed accounts and addresses without anything."""
    addresses = ["old@labo.fr", "back@labo.fr", "frozen@labo.fr", "other@labo.fr"]
    for address in addresses[:3]:
        await harness.account(address)
    async with transaction(harness.pool) as tx:
        await tx.execute(
            "UPDATE accounts SET state = 'frozen', frozen_at = $1 WHERE address = $2",
            harness.now,
            "frozen@labo.fr",
        )
    ring, seen = harness.deps.settings.pepper_keys, []
    newer = KeyRing((KeyRing.parse(new_key("t2")).current, *ring.keys))
    raised = Hasher("registration", newer, Cost(20_480, 3, 1), 1)
    object.__setattr__(harness.deps, "hasher", raised)
    await harness.ask(harness.sign_in("back@labo.fr", PASSWORD))
    await harness.account("new@labo.fr")
    for address in ("asked@labo.fr", "old@labo.fr"):
        await harness.request(address, password=OTHER_PASSWORD)
    original = hashing._argon2id
    monkeypatch.setattr(
        hashing,
        "_argon2id",
        lambda each, *a: (seen.append(each.recipe), original(each, *a))[1],
    )
    costs = {}
    for address in [*addresses, "new@labo.fr", "asked@labo.fr"]:
        seen.clear()
        await harness.refusal(harness.sign_in(address, "Zzzz9999a"))
        costs[address] = sorted(map(repr, seen))
    raised.close()
    assert len({tuple(cost) for cost in costs.values()}) == 1, costs
    assert len(costs["other@labo.fr"]) == 2
