"""A local server with the API of the public directory, and its failures.

Answers have the format of the directory: `matching_etablissements` shows an address in one line,
`siege` shows it in parts; a company that opted out is masked.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web
from aiohttp.test_utils import TestServer

HEAD_OFFICE = "73282932000074"
BRANCH = "73282932000082"
HOSPITAL = "26750045200011"
CLOSED = "35600000049837"
HIDDEN = "55208131766522"
UNKNOWN = "35600000000048"

Answering = Callable[[web.Request], Awaitable[web.StreamResponse]]


def establishment(siret: str, **fields: Any) -> dict[str, Any]:
    """One of `matching_etablissements`."""
    return {
        "siret": siret,
        "etat_administratif": "A",
        "statut_diffusion_etablissement": "O",
        "date_fermeture": None,
        "adresse": "12 RUE DE L'EGLISE 75015 PARIS",
        "code_postal": "75015",
        "libelle_commune": "PARIS",
        "liste_finess": None,
        "latitude": "48.83002",
        **fields,
    }


def company(name: str, *matching: dict[str, Any], **fields: Any) -> dict[str, Any]:
    """One of `results`."""
    return {
        "siren": matching[0]["siret"][:9],
        "nom_complet": f"{name} (SIGLE)",
        "nom_raison_sociale": name,
        "nombre_etablissements": len(matching),
        "siege": None,
        "matching_etablissements": list(matching),
        "complements": {"est_finess": False},
        **fields,
    }


HEAD_OFFICE_IN_PARTS = establishment(
    HEAD_OFFICE,
    complement_adresse="BATIMENT B",
    numero_voie="12",
    indice_repetition="BIS",
    type_voie="RUE",
    libelle_voie="DE L'EGLISE",
    cedex=None,
    libelle_cedex=None,
)
KNOWN: dict[str, dict[str, Any]] = {
    HEAD_OFFICE: company(
        "LABORATOIRE D'ETE", establishment(HEAD_OFFICE), siege=HEAD_OFFICE_IN_PARTS
    ),
    BRANCH: company(
        "LABORATOIRE D'ETE",
        establishment(BRANCH, adresse="ZI NORD 3 RUE 8 MAI 1945 69009 LYON CEDEX 09"),
        siege=HEAD_OFFICE_IN_PARTS,
    ),
    HOSPITAL: company("HOPITAL", establishment(HOSPITAL, liste_finess=["750046625"])),
    CLOSED: company(
        "LA POSTE",
        establishment(CLOSED, etat_administratif="F", date_fermeture="2024-05-31"),
    ),
    HIDDEN: company(
        "[NON-DIFFUSIBLE]",
        establishment(
            HIDDEN,
            statut_diffusion_etablissement="P",
            adresse="[NON-DIFFUSIBLE]",
            code_postal="[NON-DIFFUSIBLE]",
        ),
        nom_complet="[NON-DIFFUSIBLE]",
    ),
}


def body_of(siret: str) -> dict[str, Any]:
    """What the directory answers to `q=<siret>`."""
    results = [KNOWN[siret]] if siret in KNOWN else []
    return {"results": results, "total_results": len(results), "page": 1, "per_page": 10}


async def well(request: web.Request) -> web.StreamResponse:
    """The ordinary answer."""
    return web.json_response(body_of(request.query["q"]))


@dataclass
class CompanyDirectory:
    """The server: `asked` are the requests it got, `turns` the answers to the next ones."""

    url: str = ""
    asked: list[web.Request] = field(default_factory=list)
    turns: list[Answering] = field(default_factory=list)
    always: Answering = well

    @property
    def sirets(self) -> list[str]:
        """The requested SIRETs."""
        return [request.query.get("q", "") for request in self.asked]

    async def answer(self, request: web.Request) -> web.StreamResponse:
        """Answer with the next of `turns`."""
        self.asked.append(request)
        turn = self.turns.pop(0) if self.turns else self.always
        return await turn(request)


def responds(status: int, body: str = "", **headers: str) -> Answering:
    """A status with a body; `Retry_After` stands for `Retry-After`."""

    async def answer(_request: web.Request) -> web.StreamResponse:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return web.Response(status=status, text=body, headers=named)

    return answer


def hangs(seconds: float = 30.0) -> Answering:
    """No answer for so long."""

    async def answer(request: web.Request) -> web.StreamResponse:
        await asyncio.sleep(seconds)
        return await well(request)

    return answer


async def drips(request: web.Request) -> web.StreamResponse:
    """An answer that never ends, a little at a time."""
    response = web.StreamResponse()
    await response.prepare(request)
    while True:
        await response.write(b" ")
        await asyncio.sleep(0.05)


async def hangs_up(request: web.Request) -> web.StreamResponse:
    """The connection ends without an answer."""
    assert request.transport is not None
    request.transport.close()
    return web.Response()


@asynccontextmanager
async def company_directory() -> AsyncIterator[CompanyDirectory]:
    """A directory on a free port."""
    made = CompanyDirectory()
    application = web.Application()
    application.router.add_get("/search", made.answer)
    async with TestServer(application) as server:
        made.url = str(server.make_url("")).rstrip("/")
        yield made
