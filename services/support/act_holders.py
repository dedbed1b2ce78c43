"""Whose accounts an act is about, as registration knows them: nobody acts on their own (AZ-01).

Asked outside the transaction. The rule needs the answer, so that acts are not done without it; a
page is shown without it.
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import msgspec

from services.support import looks
from services.support.agents import Agent
from services.support.deps import Deps
from shared.contracts.registration.desk import AccountRecord
from shared.contracts.support.lost_phones import BothNames
from shared.domain.account_ids import account_ids
from shared.errors import DependencyDown


@dataclass(frozen=True, kw_only=True)
class Holders:
    """The holders of accounts, by account; those that registration does not know are missing. So
    are the establishments where profile does not answer, or where only the rule needs the answer.
    `away`: registration did not answer, so that missing ones may exist.
    """

    records: Mapping[str, AccountRecord] = field(default_factory=dict, repr=False)
    establishments: Mapping[str, str] = field(default_factory=dict, repr=False)
    away: bool = False

    def is_own(self, agent: Agent) -> bool:
        """Whether one of the accounts is the agent's own."""
        return any(looks.is_own(agent, record) for record in self.records.values())

    def masked(self) -> dict[str, str]:
        """`M… DURAND, m…@labo.fr, Labo Durand (Lyon)`, by account."""
        return {
            account_id: ", ".join(
                filter(None, (looks.mask_person(record), self.establishments.get(account_id)))
            )
            for account_id, record in self.records.items()
        }

    def names_text(self, account_id: str) -> str:
        """The JSON of `BothNames`, where somebody gave others; else empty."""
        record = self.records.get(account_id)
        if record is None or not (record.given_first_name or record.given_last_name):
            return ""
        names = BothNames(
            first_name=record.first_name,
            last_name=record.last_name,
            given_first_name=record.given_first_name,
            given_last_name=record.given_last_name,
        )
        return msgspec.json.encode(names).decode()


async def find(deps: Deps, ids: Sequence[str]) -> Holders:
    """The holders and their establishments, as far as registration and profile answer."""
    known = account_ids(ids)
    if not known:
        return Holders()
    (holders, _), profiles = await asyncio.gather(
        _ask(deps, ids), deps.owners.describe_profiles(known, set())
    )
    named = {account_id: looks.name_establishment(one) for account_id, one in profiles.items()}
    return replace(holders, establishments=named)


async def require(deps: Deps, ids: Sequence[str]) -> Holders:
    """The holders. Raises `DependencyDown` where registration does not answer."""
    holders, answered = await _ask(deps, ids)
    if not answered:
        raise DependencyDown("registration", "it does not answer")
    return holders


async def _ask(deps: Deps, ids: Sequence[str]) -> tuple[Holders, bool]:
    known = account_ids(ids)
    if not known:
        return Holders(), True
    away: set[str] = set()
    records = await deps.owners.describe_accounts(known, away)
    return Holders(records=records, away=bool(away)), not away
