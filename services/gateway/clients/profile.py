"""Requests for the complementary information, which is sealed in both directions."""

from dataclasses import dataclass
from datetime import datetime

import msgspec

from services.gateway.clients.rpc import Client, RpcSender
from shared.contracts.base import FieldError
from shared.contracts.profile.requests import (
    DescribeProfile,
    FindEstablishment,
    SaveProfile,
    ValidateProfile,
)
from shared.contracts.profile.views import EstablishmentView, ProfileFields, ProfileView
from shared.security.sealing import Opener, Sealer, seal_context

#: The requests of this client.
CALLS = (
    DescribeProfile,
    SaveProfile,
    ValidateProfile,
    FindEstablishment,
)


@dataclass(frozen=True, kw_only=True)
class Information:
    """The information in clear: for one page, never for a log.

    `state`, `version`, `errors`, `warnings` and `terms_version` are those of `ProfileView`;
    `fields` is None where nothing was saved yet.
    """

    state: str
    fields: ProfileFields | None
    version: int
    saved_at: datetime | None
    validated_at: datetime | None
    errors: tuple[FieldError, ...]
    warnings: tuple[FieldError, ...]
    terms_version: str

    @property
    def validated(self) -> bool:
        """Whether it is frozen."""
        return self.state == "validated"

    def __repr__(self) -> str:
        return f"<information {self.state} {self.version}>"


class Profile(Client):
    """The complementary information."""

    def __init__(self, sender: RpcSender, sealer: Sealer, opener: Opener) -> None:
        super().__init__(sender, sealer)
        self._opener = opener

    async def describe(self, account_id: str, *, timeout: float = 3.0) -> Information:
        """The information of an account; waits at most `patience` seconds."""
        request = DescribeProfile(account_id=account_id)
        return self._read(await self._ask(request, ProfileView, timeout=timeout))

    async def save(
        self, account_id: str, fields: ProfileFields, terms_version: str, *, key: str
    ) -> Information:
        """Save a draft, valid or not. Raises `Refused` with `already_validated`, `unknown_choice`
        or `invalid_fields`.
        """
        document = msgspec.json.encode(fields).decode()
        request = SaveProfile(
            account_id=account_id,
            fields=self._seal(SaveProfile, "fields", document),
            terms_version=terms_version,
        )
        return self._read(await self._ask(request, ProfileView, key))

    async def validate(self, account_id: str, version: int, *, key: str) -> Information:
        """Freeze the draft that was shown. Raises `Refused` with `nothing_saved`, `not_ready` or
        `changed`."""
        request = ValidateProfile(account_id=account_id, version=version)
        return self._read(await self._ask(request, ProfileView, key))

    async def find_establishment(self, siret: str) -> EstablishmentView:
        """The state of a SIRET while it is typed."""
        return await self._ask(FindEstablishment(siret=siret), EstablishmentView)

    def _read(self, view: ProfileView) -> Information:
        fields = None
        if view.fields is not None:
            document = self._opener.open(view.fields, seal_context(ProfileView, "fields"))
            fields = msgspec.json.decode(document, type=ProfileFields)
        return Information(
            state=view.state,
            fields=fields,
            version=view.version,
            saved_at=view.saved_at,
            validated_at=view.validated_at,
            errors=view.errors,
            warnings=view.warnings,
            terms_version=view.terms_version,
        )
