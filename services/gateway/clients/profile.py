"""The complementary information, asked. What was typed goes sealed, and comes back sealed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import msgspec

from services.gateway.clients.rpc import Asker, Client
from shared.contracts import profile as words
from shared.contracts.base import FieldError
from shared.security.sealing import Opener, Sealer, seal_context


@dataclass(frozen=True, kw_only=True)
class Information:
    """What is known of a person and their establishment, in clear: for one page, never for a log.

    `state`, `version`, `errors`, `warnings` and `terms_version` are those of `ProfileView`;
    `fields` is None where nothing was saved yet.
    """

    state: str
    fields: words.ProfileFields | None
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
    """The complementary information, asked."""

    def __init__(self, asker: Asker, sealer: Sealer, opener: Opener) -> None:
        super().__init__(asker, sealer)
        self._opener = opener

    async def describe(self, account_id: str, *, patience: float = 3.0) -> Information:
        """What is known of an account; asked for `patience` seconds at most."""
        request = words.DescribeProfile(account_id=account_id)
        return self._read(await self._ask(request, words.ProfileView, patience=patience))

    async def save(
        self, account_id: str, fields: words.ProfileFields, terms_version: str, *, key: str
    ) -> Information:
        """Keep a draft, right or wrong. Raises `Refused` with `already_validated`,
        `unknown_choice` or `invalid_fields`."""
        document = msgspec.json.encode(fields).decode()
        request = words.SaveProfile(
            account_id=account_id,
            fields=self._seal(words.SaveProfile, "fields", document),
            terms_version=terms_version,
        )
        return self._read(await self._ask(request, words.ProfileView, key))

    async def validate(self, account_id: str, version: int, *, key: str) -> Information:
        """Freeze the draft that was shown. Raises `Refused` with `nothing_saved`, `not_ready` or
        `changed`."""
        request = words.ValidateProfile(account_id=account_id, version=version)
        return self._read(await self._ask(request, words.ProfileView, key))

    async def find_establishment(self, siret: str) -> words.EstablishmentView:
        """What a SIRET says, as it is typed."""
        return await self._ask(words.FindEstablishment(siret=siret), words.EstablishmentView)

    def _read(self, view: words.ProfileView) -> Information:
        fields = None
        if view.fields is not None:
            document = self._opener.open(view.fields, seal_context(words.ProfileView, "fields"))
            fields = msgspec.json.decode(document, type=words.ProfileFields)
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
