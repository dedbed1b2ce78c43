"""The telephone number of a file, and since when it is on file (OT-15)."""

from datetime import timedelta
from uuid import uuid4

import msgspec
import pytest

from shared.contracts.profile.telephones import DescribeTelephone, TelephoneView
from shared.database import transaction
from shared.security.sealing import seal_context
from tests.support.harness.profile import ProfileHarness
from tests.support.harness.profile_forms import FRENCH, but


async def telephone(harness: ProfileHarness, account: str) -> TelephoneView:
    view = await harness.ask(DescribeTelephone(account_id=account))
    assert isinstance(view, TelephoneView)
    return view


def opened(harness: ProfileHarness, view: TelephoneView) -> dict[str, str]:
    """The number, as support opens it."""
    assert harness.support is not None
    assert view.number is not None
    text = harness.support.open(view.number, seal_context(TelephoneView, "number"))
    return msgspec.json.decode(text, type=dict[str, str])


async def test_ot_15_the_number_of_a_file_and_its_date(harness: ProfileHarness) -> None:
    account, began = str(uuid4()), harness.now
    await harness.save(account, FRENCH)
    view = await telephone(harness, account)
    assert (view.since, view.mobile) == (began, False)
    assert opened(harness, view) == {
        "number": "01 55 87 40 90",
        "extension": "4012",
        "company_name": "Laboratoire d’Été",
        "city": "Paris",
    }


async def test_ot_15_other_changes_and_the_validation_keep_the_date(
    harness: ProfileHarness,
) -> None:
    account, began = str(uuid4()), harness.now
    await harness.save(account, FRENCH)
    harness.advance(days=40)
    await harness.save(account, but(FRENCH, city="Lyon", phone="+33 1 55 87 40 90"))
    await harness.validate(account, 2)
    assert (await telephone(harness, account)).since == began


async def test_ot_15_another_number_begins_anew(harness: ProfileHarness) -> None:
    account, began = str(uuid4()), harness.now
    await harness.save(account, FRENCH)
    harness.advance(days=40)
    await harness.save(account, but(FRENCH, phone="06 12 34 56 78"))
    view = await telephone(harness, account)
    assert (view.since, view.mobile) == (began + timedelta(days=40), True)
    assert opened(harness, view)["number"] == "06 12 34 56 78"


async def test_ot_15_a_number_that_the_desk_corrects_begins_anew(
    harness: ProfileHarness,
) -> None:
    account, began = str(uuid4()), harness.now
    await harness.save(account, FRENCH)
    async with transaction(harness.pool) as tx:
        await tx.execute(
            """update profiles set fields = fields || '{"phone": "+33612345678"}'::jsonb"""
        )
    since = (await telephone(harness, account)).since
    assert since is not None
    assert since > began


@pytest.mark.parametrize("phone", ["", "call me"])
async def test_ot_15_no_number_without_one_that_can_be_dialled(
    harness: ProfileHarness, phone: str
) -> None:
    account = str(uuid4())
    assert await telephone(harness, account) == TelephoneView()
    await harness.save(account, but(FRENCH, phone=phone))
    assert await telephone(harness, account) == TelephoneView()
