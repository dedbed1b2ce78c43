"""What every service stores about a person (B-11); the gateway reads its own tables.

A service that is unavailable is named: the answer is never silently incomplete.
"""

import asyncio
import json
from collections.abc import Awaitable
from dataclasses import dataclass
from typing import Any

import msgspec
from aiohttp import web

from services.gateway.clients.services import ask, open_sealed
from services.gateway.http.errors import UNAVAILABLE_ERRORS
from shared.contracts import dossiers, mailer
from shared.contracts.base import Request
from shared.contracts.data_export import PersonalDataView
from shared.contracts.mfa.requests import ExportAccount as MfaExportAccount
from shared.contracts.profile.requests import ExportAccount as ProfileExportAccount
from shared.contracts.registration.holder import ExportAccount as RegistrationExportAccount
from shared.contracts.support.people_requests import ExportRequests
from shared.database import Pool, acquire
from shared.messaging.handlers import Refused

#: Categories, each with its rows.
Document = dict[str, list[dict[str, Any]]]
#: Tokens are left out. Unsaved input is sealed: its form shows it.
GATEWAY_CATEGORIES = {
    "sessions": """
        select id::text as session_id, level, device, network, address, first_name, last_name,
            failures as wrong_passwords_before, opened_at, proved_at, code_at, seen_at, ends_at
        from sessions where account_id = $1 order by opened_at
    """,
    "known_browsers": """
        select known_at, expires_at as kept_until from known_browsers where account_id = $1
        order by known_at
    """,
    "sessions_ended": """
        select before, partial_before from session_revocations where account_id = $1
    """,
    "validated": "select validated_at from validated_accounts where account_id = $1",
    "saved_input": """
        select saved_at, expires_at as kept_until from saved_forms where account_id = $1
    """,
    "support_requests": """
        select kind, number, submitted_at, expires_at as kept_until from support_requests
        where account_id = $1 order by submitted_at
    """,
}
GATEWAY_POOL: web.AppKey[Pool] = web.AppKey("gateway_pool")


@dataclass(frozen=True, kw_only=True)
class PersonalData:
    """What is held about an account, by service; `missing` did not answer."""

    documents: dict[str, Document]
    missing: tuple[str, ...]

    def __repr__(self) -> str:
        return f"<personal data, without {self.missing}>"


async def collect(request: web.Request, account_id: str) -> PersonalData:
    """Everything that the services answer, asked in parallel."""
    exports = {
        "registration": _export(request, RegistrationExportAccount(account_id=account_id)),
        "profile": _export(request, ProfileExportAccount(account_id=account_id)),
        "dossiers": _dossiers(request, account_id),
        "mfa": _export(request, MfaExportAccount(account_id=account_id)),
        "gateway": _gateway(request, account_id),
        "mailer": _export(request, mailer.ExportAccount(account_id=account_id)),
        "support": _export(request, ExportRequests(account_id=account_id)),
    }
    answers = await asyncio.gather(*(_answer(export) for export in exports.values()))
    found = zip(exports, answers, strict=True)
    documents = {name: document for name, document in found if document is not None}
    missing = tuple(name for name in exports if name not in documents)
    return PersonalData(documents=documents, missing=missing)


async def _answer(export: Awaitable[Document]) -> Document | None:
    try:
        return await export
    except (*UNAVAILABLE_ERRORS, Refused):
        return None


async def _export(request: web.Request, message: Request) -> Document:
    view = await ask(request, message, PersonalDataView)
    text = open_sealed(request, PersonalDataView, "document", view.document)
    document: Document = json.loads(text)
    return document


async def _dossiers(request: web.Request, account_id: str) -> Document:
    rows: list[dict[str, Any]] = []
    after: str | None = ""
    while after is not None:
        message = dossiers.ReadDossiers(account_id=account_id, after=after)
        view = await ask(request, message, dossiers.DossierRowsView)
        rows += [msgspec.to_builtins(row) for row in view.rows]
        after = view.after
    return {"dossiers": rows}


async def _gateway(request: web.Request, account_id: str) -> Document:
    async with acquire(request.app[GATEWAY_POOL]) as connection:
        return {
            category: [dict(row) for row in await connection.fetch(sql, account_id)]
            for category, sql in GATEWAY_CATEGORIES.items()
        }
