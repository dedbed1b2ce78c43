"""The owners of what is held about people, as support asks them: answers of the test's own."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import msgspec

from shared.contracts import dossiers_desk, gateway_desk, mailer_desk
from shared.contracts.account_search import FoundAccount, FoundAccountsView
from shared.contracts.base import Refusal, Request
from shared.contracts.dossiers import DossierRow
from shared.contracts.mfa.requests import DescribeFactor
from shared.contracts.mfa.views import FactorView
from shared.contracts.profile import desk as profile
from shared.contracts.profile.acts import CheckCorrection, CorrectionChecked
from shared.contracts.profile.views import ProfileFields
from shared.contracts.registration import desk as registration
from shared.contracts.settings import DESCRIBE_SETTINGS, SettingsView
from shared.domain.account_records import seal_records
from shared.messaging.errors import RequestTimeout
from shared.messaging.handlers import Refused
from shared.security.seal_keys import SealRing
from shared.security.sealing import Opener, Sealer, seal_context
from tests.support.harness.support_settings import KEYS

JOINED = datetime(2024, 2, 3, 12, tzinfo=UTC)


@dataclass
class DeskOwners:
    """Sends nothing: answers from `accounts` and `profiles`. Owners in `away` do not answer."""

    support: Sealer
    openers: dict[str, Opener]
    accounts: dict[str, registration.AccountRecord] = field(default_factory=dict)
    profiles: dict[str, profile.ProfileRecord] = field(default_factory=dict)
    mails: Sequence[mailer_desk.MailRecord] = ()
    sessions: Sequence[gateway_desk.SessionRecord] = ()
    dossiers: Sequence[DossierRow] = ()
    dormant: Sequence[registration.DormantAccountRecord] = ()
    dormant_months: int = 24
    #: What is found, by (owner, kind, text as it arrived).
    found: dict[tuple[str, str, str], list[str]] = field(default_factory=lambda: defaultdict(list))
    away: set[str] = field(default_factory=set)
    asked: list[Request] = field(default_factory=list)
    #: Why profile refuses corrections; None accepts them.
    refusal: Refusal | None = None

    def add(self, account_id: str, **changes: Any) -> None:
        """An account with its profile; `changes` are fields of either."""
        own = {name: changes.pop(name) for name in tuple(changes) if name in ACCOUNT}
        self.accounts[account_id] = msgspec.structs.replace(
            registration.AccountRecord(**{**ACCOUNT, "account_id": account_id}), **own
        )
        siret = changes.get("siret", FIELDS["siret"])
        self.profiles[account_id] = profile.ProfileRecord(
            account_id=account_id,
            state="validated",
            fields=ProfileFields(**{**FIELDS, **changes}),
            siret=siret,
            saved_at=JOINED,
            validated_at=JOINED,
        )
        if siret:
            self.found["profile", "siret", siret].append(account_id)

    async def ask(
        self, request: Request, *, idempotency_key: str | None = None, timeout: float = 3.0
    ) -> Any:
        """The answer of the owner, or `RequestTimeout`."""
        del idempotency_key, timeout
        self.asked.append(request)
        if request.OWNER in self.away:
            raise RequestTimeout(f"no answer to {request.TYPE}")
        match request:
            case registration.SearchAccounts() | profile.SearchAccounts():
                context = seal_context(type(request), "text")
                text = self.openers[request.OWNER].open(request.text, context)
                return self._found(request.OWNER, request.kind, text)
            case dossiers_desk.SearchAccounts():
                return self._found("dossiers", "number", request.number)
            case registration.DescribeAccounts():
                return self._records(self.accounts, request.account_ids)
            case registration.ListDormantAccounts():
                return self._dormant(request)
            case profile.DescribeAccounts():
                return self._records(self.profiles, request.account_ids)
            case mailer_desk.ListAccountMails():
                return seal_records(self.support, self.mails)
            case gateway_desk.ListAccountSessions():
                return gateway_desk.AccountSessionsView(sessions=tuple(self.sessions))
            case dossiers_desk.DescribeLatestDossiers():
                rows = tuple(self.dossiers)
                return dossiers_desk.LatestDossiersView(rows=rows, total=len(rows))
            case CheckCorrection():
                if self.refusal is not None:
                    raise Refused(self.refusal)
                return CorrectionChecked()
            case DescribeFactor():
                return FactorView(enrolled_at=JOINED, recovery_left=8, recovery_kept=True)
        if request.TYPE in {one.TYPE for one in DESCRIBE_SETTINGS.values()}:
            return SettingsView(rows=())
        raise AssertionError(f"{request.TYPE} is not asked by the desk")

    def _dormant(
        self, request: registration.ListDormantAccounts
    ) -> registration.DormantAccountsView:
        listed = [one for one in self.dormant if one.outcome == request.outcome]
        counts = Counter(one.outcome for one in self.dormant)
        records = listed[request.offset : request.offset + request.limit]
        return registration.DormantAccountsView(
            records=seal_records(self.support, records).records,
            months=self.dormant_months,
            **{name: counts[name] for name in registration.DORMANT_OUTCOMES},
        )

    def _found(self, owner: str, kind: str, text: str) -> FoundAccountsView:
        ids = self.found[owner, kind, text]
        return FoundAccountsView(
            found=tuple(FoundAccount(account_id=one, exact=True) for one in ids), more=False
        )

    def _records(self, records: dict[str, Any], ids: Sequence[str]) -> Any:
        return seal_records(self.support, [records[one] for one in ids if one in records])


def desk_owners() -> DeskOwners:
    """Owners with the keys of the tests, which know nobody yet."""
    rings = {
        name: SealRing.parse(KEYS[f"IMPEX_SEAL_KEYS_{name.upper()}"])
        for name in ("registration", "profile", "support")
    }
    return DeskOwners(
        support=Sealer("support", rings["support"]),
        openers={name: Opener(name, rings[name]) for name in ("registration", "profile")},
    )


ACCOUNT: dict[str, Any] = {
    "address": "marie.durand@labo.fr",
    "first_name": "Marie",
    "last_name": "Durand",
    "language": "fr",
    "state": "active",
    "has_password": True,
    "support_only": False,
    "created_at": JOINED,
    "verified_at": JOINED,
    "password_right_at": JOINED,
    "given_first_name": "",
    "given_last_name": "",
}
FIELDS: dict[str, str] = {
    "company_name": "Pharmacie du Marché",
    "city": "Saint-Étienne",
    "phone": "+33123454217",
    "phone_extension": "4217",
    "position": "responsible_pharmacist",
    "address": "8 rue des Lilas",
    "postal_code": "42000",
    "siret": "73282932000074",
}
