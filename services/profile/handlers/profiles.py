"""A person's information: shown, saved as a draft, validated once and for all."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

import msgspec

from services.profile import establishment, store
from services.profile.deps import Deps
from services.profile.fields import Standing, judge, refusal_to_keep, siret_of
from services.profile.lookup import DEFERRED, find, standing
from services.profile.profiles import (
    ALREADY_VALIDATED,
    CHANGED,
    NOTHING_SAVED,
    Names,
    Profile,
    not_ready,
)
from shared.contracts.base import Refusal
from shared.contracts.profile import (
    AccountValidated,
    DescribeProfile,
    EstablishmentCheckDeferred,
    ProfileFields,
    ProfileSaved,
    ProfileView,
    SaveProfile,
    ValidateProfile,
)
from shared.database import Pool
from shared.domain.person_names import check_name
from shared.messaging.handlers import Refused, RequestContext
from shared.runtime.telemetry import get_logger

log = get_logger("profile")


@dataclass(frozen=True, kw_only=True)
class Typed:
    """A form as it came, and what the directory knew of its SIRET; or why it is refused."""

    fields: ProfileFields
    siret: str = ""
    standing: Standing | None = None
    refusal: Refusal | None = None


async def describe_profile(request: DescribeProfile, context: RequestContext[Deps]) -> ProfileView:
    """What is known of an account."""
    return show(await store.read(context.tx, request.account_id), context.deps)


async def read_form(request: SaveProfile, deps: Deps, pool: Pool) -> Typed:
    """Read the form, and look its SIRET up. The directory's silence stops nothing (SI-07)."""
    try:
        fields = msgspec.json.decode(deps.open(request, "fields"), type=ProfileFields)
    except msgspec.MsgspecError:
        return Typed(fields=ProfileFields(), refusal=Refusal(slug="invalid_fields"))
    refusal = refusal_to_keep(fields)
    if refusal is not None:
        return Typed(fields=fields, refusal=refusal)
    siret = siret_of(fields)
    if not siret or deps.directory is None:
        return Typed(fields=fields, siret=siret)
    known = standing(await find(siret, deps, pool))
    return Typed(fields=fields, siret=siret, standing=known)


async def save_profile(request: SaveProfile, context: RequestContext[Deps]) -> ProfileView:
    """Keep a draft, right or wrong (G-33)."""
    typed: Typed = context.prepared
    if typed.refusal is not None:
        log.info(
            "A form that no page of ours sends was refused.",
            action="input_validation_fail",
            account=request.account_id,
            reason=typed.refusal.slug,
            field=typed.refusal.params.get("field"),
        )
        raise Refused(typed.refusal)
    await store.lock_account(context.tx, request.account_id)
    before = await store.read(context.tx, request.account_id)
    if before is not None and before.validated:
        raise Refused(ALREADY_VALIDATED)
    draft = _draft(request, typed, before, context)
    await store.save(context.tx, draft)
    await _say_saved(draft, context)
    if draft.check_deferred and not _asked_already(draft, before):
        later = EstablishmentCheckDeferred(siret=draft.siret, deferred_at=context.now())
        await context.emit(later, subject=draft.account_id)
    log.info(
        "A draft was saved.",
        action="profile_saved",
        account=draft.account_id,
        version=draft.version,
    )
    return show(draft, context.deps)


async def validate_profile(request: ValidateProfile, context: RequestContext[Deps]) -> ProfileView:
    """Freeze the draft as it was shown, once (G-34, G-35)."""
    await store.lock_account(context.tx, request.account_id)
    found = await store.read(context.tx, request.account_id)
    if found is None:
        raise Refused(NOTHING_SAVED)
    if found.validated:
        return show(found, context.deps)
    if found.version != request.version:
        raise Refused(CHANGED)
    judged = judge(found.fields, found.standing)
    if judged.errors:
        raise Refused(not_ready(judged.errors))
    kept, now = judged.kept, context.now()
    frozen = dataclasses.replace(found, fields=kept, siret=kept.siret, validated_at=now)
    group = establishment.group(kept)
    if not await store.freeze(context.tx, frozen, group):
        raise Refused(CHANGED)
    said = AccountValidated(
        company_name=kept.company_name,
        establishment_type=kept.establishment_type,
        city=kept.city,
        country=kept.country,
        siret=kept.siret,
        group=group,
        position=kept.position,
        position_other=kept.position_other,
        flags=judged.flags,
        closed_reason=kept.closed_reason,
        validated_at=now,
    )
    await context.emit(said, subject=frozen.account_id)
    log.info(
        "The information of an account was validated.",
        action="profile_validated",
        account=frozen.account_id,
        flags=judged.flags,
    )
    return show(frozen, context.deps)


def _asked_already(draft: Profile, before: Profile | None) -> bool:
    """Whether it was said before that the directory is to be asked about this number again."""
    return before is not None and before.check_deferred and before.siret == draft.siret


def show(profile: Profile | None, deps: Deps) -> ProfileView:
    """The information, its fields for the gateway alone to read."""
    if profile is None:
        return ProfileView(state="none")
    fields = deps.show(ProfileView, "fields", msgspec.json.encode(profile.fields).decode())
    if profile.validated:
        return ProfileView(
            state="validated",
            fields=fields,
            version=profile.version,
            saved_at=profile.saved_at,
            validated_at=profile.validated_at,
        )
    judged = judge(profile.fields, profile.standing)
    return ProfileView(
        state="draft",
        fields=fields,
        version=profile.version,
        saved_at=profile.saved_at,
        errors=judged.errors,
        warnings=judged.warnings,
        terms_version=profile.terms_version,
    )


def _draft(
    request: SaveProfile, typed: Typed, before: Profile | None, context: RequestContext[Deps]
) -> Profile:
    """What is kept. A tick for the same terms keeps the moment it was set; what the directory knew
    of the same SIRET stands until it answers again."""
    now = context.now()
    version, terms_at = request.terms_version, now
    if before is not None and before.terms_at is not None and before.terms_version == version:
        terms_at = before.terms_at
    known = typed.standing
    if before is not None and before.siret == typed.siret and known is not None:
        known = before.standing if known.state == DEFERRED and before.standing else known
    ticked = typed.fields.terms
    return Profile(
        account_id=request.account_id,
        fields=typed.fields,
        version=1 if before is None else before.version + 1,
        siret=typed.siret,
        standing=known,
        terms_version=version if ticked else "",
        terms_at=terms_at if ticked else None,
        saved_at=now,
    )


async def _say_saved(draft: Profile, context: RequestContext[Deps]) -> None:
    """Say that a draft was saved; with the names, where they are others than the account's."""
    first_name, wrong_first = check_name("first_name", draft.fields.first_name)
    last_name, wrong_last = check_name("last_name", draft.fields.last_name)
    said = ProfileSaved(saved_at=draft.saved_at)
    if not wrong_first and not wrong_last:
        known = await store.names(context.tx, draft.account_id)
        if known is None or (known.first_name, known.last_name) != (first_name, last_name):
            # Registration will have them: typed back before it says so, they differ again.
            names = Names(first_name=first_name, last_name=last_name, known_at=draft.saved_at)
            await store.keep_names(context.tx, draft.account_id, names)
            said = ProfileSaved(
                saved_at=draft.saved_at,
                first_name=context.deps.tell(ProfileSaved, "first_name", first_name),
                last_name=context.deps.tell(ProfileSaved, "last_name", last_name),
            )
    await context.emit(said, subject=draft.account_id)
