"""The acts of an account's page, with their owners behind them (B-05, OT-15, AZ-01)."""

from collections.abc import AsyncIterator
from uuid import uuid4

import asyncpg
import pytest
import pytest_asyncio

from shared.domain.support_requests import request_number
from tests.support.actors.desk_agent import acts_on, add_account, journal_of, signed_in_agent
from tests.support.clock import Clock
from tests.support.servers.desk import Desk, running_desk
from tests.support.servers.system import System
from tests.support.waiting import eventually

pytestmark = pytest.mark.asyncio(loop_scope="package")

ACCOUNT = "/assistance/comptes"
WAITING_REQUEST = """
insert into support.requests (number, kind, state, version, account_id, channel, language,
    received_at, promised_on, answer_by, planned_at, details)
values ($1, 'lost_phone', 'planned', 1, $2, 'portal', '', now(), current_date, current_date,
    now() + interval '72 hours', '{"recipient": "support", "key_id": "t1", "box": ""}')
"""
WAITING_PHONE = """
insert into support.lost_phones (number, account_id, alone_since, alone_due_at)
values ($1, $2, now(), now() + interval '72 hours')
"""


@pytest_asyncio.fixture(scope="module", loop_scope="package")
async def acting_desk(shared_system: System, shared_clock: Clock) -> AsyncIterator[Desk]:
    """The desk and the owners of accounts and their information."""
    names, settings = ("support", "registration", "profile"), {"IMPEX_LOST_PHONE_ALONE": "true"}
    async with running_desk(shared_system, *names, clock=shared_clock, **settings) as running:
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
    for account in (str(uuid4()), "x"):
        page = await agent.browser.get(f"{ACCOUNT}/{account}/actes/change_name")
        assert page.status == 404, account
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


async def test_ot_15_a_lost_phone_without_an_agent_is_planned_and_stopped(
    acting_desk: Desk,
) -> None:
    agent = await signed_in_agent(acting_desk)
    account_id = await add_account(
        acting_desk, f"{uuid4().hex[:8]}@labo.fr", "Élodie", "Lefèvre", city="Lyon"
    )
    number = request_number("lost_phone", account_id.encode())
    connection = await asyncpg.connect(acting_desk.system.database.admin_url)
    try:
        await connection.execute(WAITING_REQUEST, number, account_id)
        await connection.execute(WAITING_PHONE, number, account_id)
    finally:
        await connection.close()
    page = await agent.browser.get(f"{ACCOUNT}/{account_id}")
    page = await agent.browser.post(
        page, f"{ACCOUNT}/{account_id}/ouvrir", {"reason": "lost_phone"}
    )
    assert "Nouveau téléphone, sans agent" in page.text
    assert "Rien de prévu." not in page.text
    stop = f"{ACCOUNT}/{account_id}/sans-agent/arret"
    done = await agent.browser.post(page, stop)
    assert "Tout est arrêté" in done.text
    assert "Rien de prévu." in done.text
    assert done.soup.find("form", action=stop) is None


#: A correction of one field, and what the form says of it.
WRONG = (
    ("siret", "7328293200007", "Saisissez 14 chiffres (il y en a 13)."),
    ("siret", "732 829 320 00075", "Ce n° de Siret est inexact"),
    ("city", "Ly\u202eon", "Retirez le signe invisible (U+202E)"),
    ("city", "a\0b", "Retirez le signe"),
    ("company_name", "x" * 500, "Saisissez au plus"),
    ("closed_reason", "x" * 600, "Saisissez au plus 500 caractères."),
    ("vat", "FR 12", "Ce n° de TVA est inexact"),
)


@pytest.mark.parametrize(("field", "value", "message"), WRONG)
async def test_t_17_a_wrong_correction_is_explained_as_on_the_portal(
    acting_desk: Desk, field: str, value: str, message: str
) -> None:
    agent = await signed_in_agent(acting_desk)
    account_id = await add_account(
        acting_desk, f"{uuid4().hex[:8]}@labo.fr", "Élodie", "Lefèvre", city="Lyon", country="FR"
    )
    path = f"{ACCOUNT}/{account_id}/actes/correct_information"
    form = await agent.browser.get(path)
    given = {field: value, "reason": "typing_error", "note": "vu à l'écran"}
    wrong = await agent.browser.post(form, path, given)
    box = wrong.soup.select_one(f"#{field}-messages")
    assert box is not None
    assert message in box.text.replace("\u00a0", " ").replace("\u202f", " ")
    assert wrong.soup.select_one(f"#erreurs a[href='#{field}']") is not None
    note = wrong.soup.select_one("#note")
    assert note is not None
    assert note["value"] == "vu à l'écran"


async def test_t_03_a_long_note_and_every_field_of_a_correction_are_kept_whole(
    acting_desk: Desk,
) -> None:
    """In octets they are longer than any password, in characters they are not."""
    agent = await signed_in_agent(acting_desk)
    account_id = await add_account(
        acting_desk, f"{uuid4().hex[:8]}@labo.fr", "Élodie", "Lefèvre", city="Lyon"
    )
    page = await agent.browser.get(f"{ACCOUNT}/{account_id}")
    # What an ended act changed is shown to whoever opened the account for such a reason.

    async def opened() -> bool:
        """On a busy machine an owner may be late once; the page then says to try again."""
        given = {"reason": "correction"}
        answer = await agent.browser.post(page, f"{ACCOUNT}/{account_id}/ouvrir", given)
        return answer.status == 200

    await eventually(opened)
    path = f"{ACCOUNT}/{account_id}/actes/correct_information"
    form = await agent.browser.get(path)
    note, street = "Ω" * 499 + ".", "Ж" * 60
    long = dict.fromkeys(("company_name", "address", "address_extra", "city"), street)
    more = {**long, "position_other": street, "closed_reason": "Ж" * 400}
    done = await agent.browser.post(form, path, {**more, "reason": "typing_error", "note": note})
    assert done.path.startswith("/assistance/approbations/"), done.text[:2000]
    assert note in done.text
    assert done.text.count(street) >= len(long)


async def test_az_04_an_auditor_who_posts_an_act_by_hand_gets_403_and_nothing_happens(
    acting_desk: Desk,
) -> None:
    auditor = await signed_in_agent(acting_desk, role="auditor")
    account_id = await add_account(
        acting_desk, f"{uuid4().hex[:8]}@labo.fr", "Élodie", "Lefèvre", city="Lyon"
    )
    page = await auditor.browser.get("/assistance/demandes")
    fields = {"csrf": page.form("/langue")["csrf"], "reason": "departure", "key": "k" * 43}
    same = {"Sec-Fetch-Site": "same-origin"}
    for act in ("block_account", "deactivate_account", "correct_information"):
        path = f"{ACCOUNT}/{account_id}/actes/{act}"
        refused = await auditor.browser.send_form(path, fields, headers=same)
        assert refused.status == 403, act
    assert await acts_on(acting_desk, account_id) == []


async def test_b_05_what_has_no_effect_is_not_offered_and_refused_with_a_reason_by_hand(
    acting_desk: Desk,
) -> None:
    agent = await signed_in_agent(acting_desk)
    account_id = await add_account(
        acting_desk, f"{uuid4().hex[:8]}@labo.fr", "Élodie", "Lefèvre", city="Lyon"
    )
    page = await agent.browser.get(f"{ACCOUNT}/{account_id}")
    opened = await agent.browser.post(
        page, f"{ACCOUNT}/{account_id}/ouvrir", {"reason": "question"}
    )
    assert "Désactiver" in opened.text
    assert "Réactiver" not in opened.text
    path = f"{ACCOUNT}/{account_id}/actes/reactivate_account"
    form = await agent.browser.get(path)
    assert "Cet acte n'aurait aucun effet : le compte est ouvert" in form.text
    assert form.soup.select("form#saisie") == []
