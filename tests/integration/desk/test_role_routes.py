"""Every page of the desk by every role (AZ-01): who may open it, against a table written by hand.

What a role may not open is 403, also where the object does not exist; an unknown object is 404.
"""

import pytest

from services.gateway.desk.app import PAGES
from services.gateway.http.routes import Page
from tests.support.actors.agent import joined_agent
from tests.support.servers.desk import Desk

UNKNOWN = "0b0f8a52-3c1f-4b0e-9b0a-5b6f3f0f9d11"
#: Path, the roles that may open it (A S E D), the status that these get. The owners of accounts do
#: not run in these tests: an account's page asks for the reason before it knows of the account.
TABLE = f"""
/assistance/demandes                                ASD  200
/assistance/demandes/nouvelle                       AS   200
/assistance/demandes/TEL-AAAAA-AAAAA                ASD  404
/assistance/demandes/TEL-AAAAA-AAAAA/appel          ASD  404
/assistance/approbations                            ASD  200
/assistance/approbations/{UNKNOWN}                  ASD  404
/assistance/recherche                               ASD  200
/assistance/comptes/{UNKNOWN}                       ASD  200
/assistance/comptes/{UNKNOWN}/actes/block_account   AS   200
/assistance/sessions                                S    200
/assistance/reponses                                AS   200
/assistance/reponses/{UNKNOWN}                      S    404
/assistance/equipe                                  SD   200
/assistance/equipe/inviter                          S    200
/assistance/equipe/{UNKNOWN}                        SD   404
/assistance/equipe/{UNKNOWN}/suspendre              S    404
/assistance/journal                                 SD   200
/assistance/journal/exports                         SD   200
/assistance/journal/exports/{UNKNOWN}               SD   404
/assistance/dormants                                SD   200
/assistance/reglages                                SED  200
/exploitation                                       E    200
/exploitation/etat                                  E    200
/exploitation/lettres                               E    200
/exploitation/lettres/etat                          E    200
/exploitation/lettres/support/0a1b2c3d              E    503
/exploitation/lettres/support/0a1b2c3d/rejouer      E    503
/exploitation/messages                              E    200
/exploitation/messages/etat                         E    200
/exploitation/messages/renvoi                       E    200
/exploitation/messages/{UNKNOWN}              E    503
/exploitation/messages/{UNKNOWN}/abandon      E    503
/moi                                                ASED 200
/aide                                               ASED 200
"""
ROLES = {"A": "agent", "S": "supervisor", "E": "operator", "D": "auditor"}
ROWS = [line.split() for line in TABLE.strip().splitlines()]
#: Steps of a sign-in, pages that a form leads to, and what is open to all.
ELSEWHERE = (
    "/",
    "/connexion",
    "/invitation",
    "/session",
    "/moi/",
    "/deconnexion",
    "/langue",
    "/assistance/demandes/{number}/appel/code",
    "/exploitation/suivi",
    "/exploitation/lettres/suivi",
    "/exploitation/messages/suivi",
)


def test_az_01_the_table_has_every_page() -> None:
    shown = {page.path for page in PAGES if isinstance(page, Page) and page.is_shown}
    listed = {page for path, *_ in ROWS for page in shown if _is(page, path.partition("?")[0])}
    left = {path for path in shown - listed if path != "/" and not path.startswith(ELSEWHERE[1:])}
    assert left == set()


def _is(page: str, path: str) -> bool:
    found = Page("one", page).values(path)
    return found is not None


@pytest.mark.asyncio(loop_scope="package")
@pytest.mark.parametrize("letter", sorted(ROLES))
async def test_az_01_every_page_by_every_role(desk: Desk, letter: str) -> None:
    agent = await joined_agent(desk, ROLES[letter])
    wrong = []
    for path, letters, status in ROWS:
        expected = int(status) if letter in letters else 403
        answer = await agent.browser.get(path)
        if answer.status != expected:
            wrong.append((path, expected, answer.status))
    assert wrong == []
