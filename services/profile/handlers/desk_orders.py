"""What the desk decided about validated information: corrected field by field, or anonymised.

A correction is checked twice: with `CheckCorrection` when an agent types it, and again when it is
carried out, since days may lie in between. Then it is refused with `ActNotCarriedOut`:
`not_validated`, `unchanged`, `changed_since` (a telephone number that was changed after the act was
proposed) or `invalid`.
"""

import dataclasses
from dataclasses import dataclass

import msgspec

from services.profile import establishment, store
from services.profile.corrections import (
    Correction,
    anonymous,
    apply_changes,
    correct,
    read_changes,
)
from services.profile.deps import Deps
from services.profile.establishment_lookup import DEFERRED, find
from services.profile.establishment_record import EstablishmentRecord, SiretCheck
from services.profile.fields import siret_of
from services.profile.store import Profile
from shared.contracts.base import Refusal
from shared.contracts.profile.acts import CheckCorrection, CorrectionChecked
from shared.contracts.profile.events import (
    ActNotCarriedOut,
    EstablishmentCheckDeferred,
    InformationCorrected,
)
from shared.contracts.support.acts import AnonymisationOrdered, InformationCorrectionOrdered
from shared.database import Pool, acquire
from shared.messaging.handlers import Context, Refused, RequestContext
from shared.runtime.telemetry import get_logger
from shared.security.sealing import seal_context

NOT_VALIDATED = Refusal(slug="not_validated")
UNREADABLE = Refusal(slug="unknown_choice", params={"field": "changes"})

log = get_logger("profile")


@dataclass(frozen=True, kw_only=True)
class ReadChanges:
    """The changes of a message, and what the directory knows about a new SIRET."""

    changes: dict[str, str]
    record: EstablishmentRecord | None = None


async def read_request(request: CheckCorrection, deps: Deps, pool: Pool) -> ReadChanges:
    """Read the changes, and look a new SIRET up."""
    text = deps.opener.open(request.changes, seal_context(CheckCorrection, "changes"))
    return await _read(request.account_id, text, deps, pool)


async def read_order(event: InformationCorrectionOrdered, deps: Deps, pool: Pool) -> str:
    """The changes in clear; the account is in the envelope, which is not known here."""
    return deps.opener.open(event.changes, seal_context(type(event), "changes"))


async def check_correction(
    request: CheckCorrection, context: RequestContext[Deps]
) -> CorrectionChecked:
    """Whether the correction may be proposed."""
    read: ReadChanges = context.prepared
    profile = await store.read(context.tx, request.account_id)
    result = _check(profile, read)
    if isinstance(result, Refusal):
        raise Refused(result)
    return CorrectionChecked()


async def correct_information(order: InformationCorrectionOrdered, context: Context[Deps]) -> None:
    """Correct the validated information, and say what it was and is (B-14)."""
    account_id = context.require_account_id()
    changes = read_changes(context.prepared)
    await store.lock_account(context.tx, account_id)
    profile = await store.read(context.tx, account_id)
    result = UNREADABLE if changes is None else _check(profile, ReadChanges(changes=changes))
    if isinstance(result, Refusal) or profile is None:
        slug = result.slug if isinstance(result, Refusal) else NOT_VALIDATED.slug
        await _refuse(order, context, slug if slug in ("not_validated", "unchanged") else "invalid")
        return
    phone = any(name == "phone" for name, _, _ in result.changes)
    if phone and _phone_changed_since(order, profile):
        await _refuse(order, context, "changed_since")
        return
    now, kind = context.now(), InformationCorrected
    siret = siret_of(result.fields)
    later = bool(siret) and siret != profile.siret and context.deps.directory is not None
    known = profile.siret_check if siret == profile.siret else None
    corrected = dataclasses.replace(
        profile,
        fields=result.fields,
        version=profile.version + 1,
        siret=siret,
        siret_check=SiretCheck(state=DEFERRED) if later else known,
    )
    await store.correct(context.tx, corrected, establishment.group_key(result.fields))
    if later:
        deferred = EstablishmentCheckDeferred(siret=siret, deferred_at=now)
        await context.emit(deferred, subject=account_id)
    text = msgspec.json.encode(result.changes).decode()
    event = kind(
        fields=tuple(name for name, _, _ in result.changes),
        changes=context.deps.mailer_sealer.seal(text, seal_context(kind, "changes")),
        reason=order.reason,
        corrected_at=now,
    )
    await context.emit(event, subject=account_id)
    log.info("Information was corrected.", action="profile_corrected", account=account_id)


async def anonymise(_order: AnonymisationOrdered, context: Context[Deps]) -> None:
    """Delete what says who the person is; the establishment stays with the history."""
    account_id = context.require_account_id()
    await store.lock_account(context.tx, account_id)
    profile = await store.read(context.tx, account_id)
    if profile is not None and profile.validated:
        kept = anonymous(profile.fields)
        nameless = dataclasses.replace(profile, fields=kept, version=profile.version + 1)
        await store.correct(context.tx, nameless, establishment.group_key(kept))
    await store.delete_personal_data(context.tx, account_id)
    log.info("A profile was anonymised.", action="profile_anonymised", account=account_id)


async def _read(account_id: str, text: str, deps: Deps, pool: Pool) -> ReadChanges:
    changes = read_changes(text)
    if changes is None:
        raise Refused(UNREADABLE)
    async with acquire(pool) as connection:
        profile = await store.read(connection, account_id)
    if profile is None or not profile.validated:
        raise Refused(NOT_VALIDATED)
    siret = siret_of(apply_changes(profile.fields, changes))
    if not siret or siret == profile.siret or deps.directory is None:
        return ReadChanges(changes=changes)
    return ReadChanges(changes=changes, record=await find(siret, deps, pool))


def _check(profile: Profile | None, read: ReadChanges) -> Correction | Refusal:
    if profile is None or not profile.validated:
        return NOT_VALIDATED
    typed = apply_changes(profile.fields, read.changes)
    same = siret_of(typed) == profile.siret
    known: SiretCheck | None = profile.siret_check if same else read.record
    return correct(profile.fields, typed, known, profile.siret_check)


def _phone_changed_since(order: InformationCorrectionOrdered, profile: Profile) -> bool:
    at, since = order.proposed_at, profile.phone_since
    return at is not None and since is not None and since > at


async def _refuse(order: InformationCorrectionOrdered, context: Context[Deps], why: str) -> None:
    log.warning(
        "A correction was not carried out.",
        action="act_not_carried_out",
        account=context.account_id,
        reason=why,
    )
    refused = ActNotCarriedOut(proposal_id=order.proposal_id, why=why, refused_at=context.now())
    await context.emit(refused)
