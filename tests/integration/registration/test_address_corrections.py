"""Correcting the address of a request: validated again, with its password, throttled."""

import pytest

from shared.contracts.registration.events import ValidationResent
from tests.integration.registration.test_account_requests import codes
from tests.support.harness.registration import OTHER_PASSWORD, PASSWORD, RegistrationHarness


async def test_the_address_is_corrected_and_the_former_message_void(
    harness: RegistrationHarness,
) -> None:
    view = await harness.request("pierre@labbo.fr")
    moved = await harness.ask(harness.correct(view.request_id, "Pierre@laboratoire.fr"))
    (_, old_link), (code, _) = await harness.mailed_secrets()
    assert (moved.request_id, moved.address) == (view.request_id, "Pierre@laboratoire.fr")
    assert (await harness.events(ValidationResent))[0].address == "Pierre@laboratoire.fr"
    assert (await harness.ask(harness.open_link(old_link))).state == "replaced"
    assert (await harness.ask(harness.code(view.request_id, code))).due == "terms"
    # The password is hashed for the new address.
    found = await harness.ask(harness.sign_in("pierre@laboratoire.fr", PASSWORD))
    assert found.request_id == view.request_id
    assert (
        await harness.refusal(harness.sign_in("pierre@labbo.fr", PASSWORD))
    ).slug == "wrong_credentials"


@pytest.mark.parametrize(
    ("address", "password", "expected"),
    [
        ("pierre@labo.fr", PASSWORD, {"address:unchanged"}),
        ("pierre", PASSWORD, {"address:format"}),
        ("pierre@kvfz.fr", PASSWORD, {"password:identity"}),
        ("pierre@autre.fr", OTHER_PASSWORD, {"password:wrong"}),
        ("pierre@autre.fr", "", {"password:missing"}),
    ],
)
async def test_a_correction_is_validated_again(
    harness: RegistrationHarness, address: str, password: str, expected: set[str]
) -> None:
    view = await harness.request()
    refusal = await harness.refusal(harness.correct(view.request_id, address, password))
    assert codes(refusal) == expected


async def test_guessing_the_password_of_a_correction_is_throttled(
    harness: RegistrationHarness,
) -> None:
    view = await harness.request()
    for _ in range(5):
        await harness.refusal(harness.correct(view.request_id, "p@autre.fr", OTHER_PASSWORD))
    refusal = await harness.refusal(harness.correct(view.request_id, "p@autre.fr"))
    assert (refusal.slug, refusal.retry_after) == ("too_many_requests", 90)
