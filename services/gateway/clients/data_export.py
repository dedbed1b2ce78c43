"""What every service stores about a person (B-11); the gateway reads its own tables.

A service that is unavailable is named: the answer is never silently incomplete.
"""

import asyncio
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, cast

import msgspec

from services.gateway.clients.rpc import RpcSender
from services.gateway.http.errors import UNAVAILABLE_ERRORS
from shared.contracts import dossiers, mailer
from shared.contracts.base import Request
from shared.contracts.data_export import PersonalDataView
from shared.contracts.mfa.requests import ExportAccount as MfaExportAccount
from shared.contracts.profile.requests import ExportAccount as ProfileExportAccount
from shared.contracts.registration.holder import ExportAccount as RegistrationExportAccount
from shared.messaging.handlers import Refused
from shared.security.sealing import Opener, seal_context

#: Categories, each with its rows.
Document = dict[str, list[dict[str, Any]]]
EXPORTS: dict[str, Callable[[str], Request]] = {
    "registration": lambda account: RegistrationExportAccount(account_id=account),
    "mfa": lambda account: MfaExportAccount(account_id=account),
    "profile": lambda account: ProfileExportAccount(account_id=account),
    "mailer": lambda account: mailer.ExportAccount(account_id=account),
}
#: In the order of the page.
SERVICES = ("registration", "profile", "dossiers", "mfa", "gateway", "mailer")


#: The requests of this client.
CALLS = (
    RegistrationExportAccount,
    MfaExportAccount,
    ProfileExportAccount,
    mailer.ExportAccount,
)


@dataclass(frozen=True, kw_only=True)
class PersonalData:
    """What is held about an account, by service; `missing` did not answer."""

    documents: dict[str, Document]
    missing: tuple[str, ...]

    def __repr__(self) -> str:
        return f"<personal data, without {self.missing}>"


class DataExportClient:
    """All services, in parallel."""

    def __init__(
        self, sender: RpcSender, opener: Opener, own: Callable[[str], Awaitable[Document]]
    ) -> None:
        self._sender = sender
        self._opener = opener
        self._own = own

    async def collect(self, account_id: str) -> PersonalData:
        """Everything that the services answer."""
        services = await asyncio.gather(*(self._one(name, account_id) for name in SERVICES))
        found = {
            name: document
            for name, document in zip(SERVICES, services, strict=True)
            if document is not None
        }
        missing = tuple(name for name in SERVICES if name not in found)
        return PersonalData(documents=found, missing=missing)

    async def _one(self, service: str, account_id: str) -> Document | None:
        try:
            if service == "gateway":
                return await self._own(account_id)
            if service == "dossiers":
                return {"dossiers": await self._dossiers(account_id)}
            return await self._export(EXPORTS[service](account_id))
        except (*UNAVAILABLE_ERRORS, Refused):
            return None

    async def _export(self, request: Request) -> Document:
        view = cast(PersonalDataView, await self._sender.ask(request))
        text = self._opener.open(view.document, seal_context(PersonalDataView, "document"))
        document: Document = json.loads(text)
        return document

    async def _dossiers(self, account_id: str) -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = []
        after: str | None = ""
        while after is not None:
            request = dossiers.ReadDossiers(account_id=account_id, after=after)
            view = cast(dossiers.DossierRowsView, await self._sender.ask(request))
            rows += [msgspec.to_builtins(row) for row in view.rows]
            after = view.after
        return rows
