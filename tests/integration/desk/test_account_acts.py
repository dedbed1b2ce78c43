"""The acts of an account's page, with their owners behind them (B-05, OT-15, AZ-01)."""

from collections.abc import AsyncIterator
from uuid import uuid4

import pytest
import pytest_asyncio

from tests.support.actors.desk_agent import add_account, journal_of, signed_in_agent
from tests.support.servers.desk import Desk, running_desk
from tests.support.servers.system import System

pytestmark = pytest.mark.asyncio(loop_scope="package")

ACCOUNT = "/assistance/comptes"


@pytest_asyncio.fixture(scope="module", loop_scope="package")
async def acting_desk(shared_system: System) -> AsyncIterator[Desk]:
    """The desk and the owners of accounts and their information."""
    async with running_desk(shared_system, "support", "registration", "profile") as running:
        yield running


async def test_b_05_an_open_account_lists_acts_and_each_leads_to_its_page(
    acting_desk: Desk,
) -> None:
    agent = await signed_in_agent(acting_desk)
    account_id = await add_account(
        acting_desk, f"{uuid4().hex[:8]}@labo.fr", "Élodie", "Lefèvre", city="Lyon"
    )
    page = await agent.browser.get(f"{ACCOUNT}/{account_id}")
    assert "Changer l'adresse" not in page.text, "closed"
    page = await agent.browser.post(
        page, f"{ACCOUNT}/{account_id}/ouvrir", {"reason": "correction"}
    )
    assert "Changer le nom 2 personnes, 72 h" in page.text
    assert "Anonymiser" not in page.text, "of supervisors"
    assert "Aucune demande." in page.text
    correcting = f"{ACCOUNT}/{account_id}/actes/correct_information"
    assert page.soup.find("a", href=correcting) is not None
    form = await agent.browser.get(correcting)
    assert "É… LEFÈVRE" in form.text
    assert account_id not in form.text
    assert "Actuellement : Lyon" in form.text
    assert form.soup.select_one("#country option[value=BE]") is not None
    wrong = await agent.browser.post(form, correcting, {"city": "Lyon", "reason": "typing_error"})
    assert "Le compte a déjà ces valeurs" in wrong.text
    done = await agent.browser.post(
        form,
        correcting,
        {"city": "Saint-Étienne", "address": "1 rue de Paris", "reason": "typing_error"},
    )
    assert done.path.startswith("/assistance/approbations/")
    assert "É… LEFÈVRE" in done.text


async def test_az_01_an_act_on_ones_own_account_posted_by_hand_changes_nothing(
    acting_desk: Desk,
) -> None:
    address = f"own.{uuid4().hex[:8]}@ansm.sante.fr"
    agent = await signed_in_agent(acting_desk, address=address)
    own = await add_account(acting_desk, address, "Zoé", "Martin", city="Lyon")
    path = f"{ACCOUNT}/{own}/actes/correct_information"
    form = await agent.browser.get(path)
    refused = await agent.browser.post(
        form, path, {"city": "Saint-Étienne", "reason": "typing_error"}
    )
    assert (refused.status, "Acte refusé : votre compte" in refused.text) == (403, True)
    assert [kind for kind, _public in await journal_of(acting_desk, agent.id)] == [
        "support.ActForbidden.v1"
    ]
