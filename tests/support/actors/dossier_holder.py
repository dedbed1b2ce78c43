"""The holder of an account with dossiers, and the home page as they read it."""

import re

from shared.contracts.backoffice import DossierEvent
from tests.support.actors.account_holder import AccountHolder, new_address
from tests.support.actors.filing_app import FilingApp, decided, filed, saved
from tests.support.actors.http_browser import HttpResponse, words
from tests.support.servers.portal import Portal

HOSTILE = "<script>alert('é')</script>"


async def settled(portal: Portal, filing_app: FilingApp) -> AccountHolder:
    """A holder with thirty declarations filed, one draft, one decided, one import."""
    person = AccountHolder(portal, new_address())
    await person.settle()
    mine = await person.account_id()
    await filing_app.publish(mine, *_shelf())
    await filing_app.received(mine, 33, processed=1)
    return person


def _shelf() -> list[DossierEvent]:
    """Decisions are published first: events come in any order."""
    many = [
        filed(
            number=f"DEI-{number:03}",
            kind=("DEI", "DEC")[number % 2],
            day=number,
            medicine=f"Médicament {chr(90 - number % 26)}",
            establishment=HOSTILE if number == 7 else "Pharmacie des Lilas",
            dosage="=1+1" if number == 7 else f"{number} mg",
        )
        for number in range(30)
    ]
    draft = saved(kind="DEC", medicine="Brouillon Exemple", dosage="")
    first = filed(number="DEI-900", medicine="Décidé d'avance")
    after = decided(dossier_id=first.dossier_id, number="DEI-900", status="refused")
    return [after, first, *reversed(many), draft, filed(kind="AI", number="AI-1")]


def rows(page: HttpResponse) -> list[list[str]]:
    """The cells of the table."""
    return [
        [words(cell) for cell in row.iter("th", "td")]
        for row in page.tree.xpath("//main//tbody//tr")
    ]


def numbers(page: HttpResponse) -> list[str]:
    """« N° de fiche » of each row."""
    return [row[1] for row in rows(page)]


def counts(page: HttpResponse) -> list[str]:
    """The numbers next to the four titles."""
    return re.findall(r"(\d+) dossiers?\b", words(page.tree.get_element_by_id("onglets")))
