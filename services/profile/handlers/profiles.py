"""Profiles: shown, saved as a draft, validated once."""

import dataclasses
from dataclasses import dataclass

import msgspec

from services.profile import establishment, store
from services.profile.deps import Deps
from services.profile.establishment_lookup import DEFERRED, find
from services.profile.establishment_record import EstablishmentRecord, SiretCheck
from services.profile.fields import (
    check_storable,
    siret_of,
    to_fields,
    validate,
    without_pasted_signs,
)
from services.profile.filled_in import follow_siret
from services.profile.store import Names, Profile
from shared.contracts.base import Refusal
from shared.contracts.profile.events import (
    AccountValidated,
    EstablishmentCheckDeferred,
    ProfileSaved,
)
from shared.contracts.profile.requests import DescribeProfile, SaveProfile, ValidateProfile
from shared.contracts.profile.views import ProfileFields, ProfileView, SubmittedFields
from shared.database import Pool
from shared.domain.person_names import check_name
from shared.messaging.handlers import Refused, RequestContext
from shared.runtime.telemetry import get_logger
from shared.security.sealing import seal_context

NOTHING_SAVED = Refusal(slug="nothing_saved")
ALREADY_VALIDATED = Refusal(slug="already_validated")
DRAFT_CHANGED = Refusal(slug="changed")

log = get_logger("profile")


@dataclass(frozen=True, kw_only=True)
class SubmittedForm:
    """A form as submitted, with the version of the draft that it was made from, with its valid
    SIRET or an empty text, and what the directory knows about that.
    """

    fields: ProfileFields
    based_on: int | None
    siret: str
    record: EstablishmentRecord | None


async def describe_profile(request: DescribeProfile, context: RequestContext[Deps]) -> ProfileView:
    """The profile of an account."""
    return to_view(await store.read(context.tx, request.account_id), context.deps)


async def read_form(request: SaveProfile, deps: Deps, pool: Pool) -> SubmittedForm:
    """Read the form and look its SIRET up; a missing answer refuses nothing (SI-07)."""
    text = deps.opener.open(request.fields, seal_context(SaveProfile, "fields"))
    try:
        submitted = msgspec.json.decode(text, type=SubmittedFields)
        fields = without_pasted_signs(to_fields(submitted))
        refusal = check_storable(fields)
    except msgspec.MsgspecError:
        refusal = Refusal(slug="invalid_fields")
    if refusal is not None:
        log.info(
            "A form that no page sends was refused.",
            action="input_validation_fail",
            account=request.account_id,
            reason=refusal.slug,
            field=refusal.params.get("field"),
        )
        raise Refused(refusal)
    siret = siret_of(fields)
    record = await find(siret, deps, pool) if siret and deps.directory else None
    return SubmittedForm(fields=fields, based_on=submitted.based_on, siret=siret, record=record)


async def save_profile(request: SaveProfile, context: RequestContext[Deps]) -> ProfileView:
    """Save a draft, valid or not (G-33)."""
    await store.lock_account(context.tx, request.account_id)
    former = await store.read(context.tx, request.account_id)
    if former is not None and former.validated:
        raise Refused(ALREADY_VALIDATED)
    form: SubmittedForm = context.prepared
    version = 0 if former is None else former.version
    if form.based_on is not None and form.based_on != version:
        raise Refused(DRAFT_CHANGED)
    draft = _draft(request, former, context)
    await store.save(context.tx, draft)
    await _publish_saved(draft, context)
    if draft.check_deferred and not _already_deferred(draft, former):
        later = EstablishmentCheckDeferred(siret=draft.siret, deferred_at=context.now())
        await context.emit(later, subject=draft.account_id)
    log.info(
        "A draft was saved.",
        action="profile_saved",
        account=draft.account_id,
        version=draft.version,
    )
    return to_view(draft, context.deps)


async def validate_profile(request: ValidateProfile, context: RequestContext[Deps]) -> ProfileView:
    """Freeze the version of the draft that was shown, once (G-34, G-35)."""
    await store.lock_account(context.tx, request.account_id)
    draft = await store.read(context.tx, request.account_id)
    if draft is None:
        raise Refused(NOTHING_SAVED)
    if draft.validated:
        return to_view(draft, context.deps)
    if draft.version != request.version:
        raise Refused(DRAFT_CHANGED)
    result = validate(draft.fields, draft.siret_check)
    if result.errors:
        raise Refused(Refusal(slug="not_ready", errors=result.errors))
    fields, now = result.fields, context.now()
    frozen = dataclasses.replace(draft, fields=fields, siret=fields.siret, validated_at=now)
    group = establishment.group_key(fields)
    if not await store.freeze(context.tx, frozen, group):
        raise Refused(DRAFT_CHANGED)
    also = {"group": group, "flags": result.flags, "validated_at": now}
    event = msgspec.convert(msgspec.structs.asdict(fields) | also, AccountValidated)
    await context.emit(event, subject=frozen.account_id)
    log.info(
        "A profile was validated.",
        action="profile_validated",
        account=frozen.account_id,
        flags=result.flags,
    )
    return to_view(frozen, context.deps)


def _already_deferred(draft: Profile, former: Profile | None) -> bool:
    """Whether a later lookup of this number was already published."""
    return former is not None and former.check_deferred and former.siret == draft.siret


def to_view(profile: Profile | None, deps: Deps) -> ProfileView:
    """The profile as a reply; only the gateway can open its fields."""
    if profile is None:
        return ProfileView(state="none")
    text = msgspec.json.encode(profile.fields).decode()
    view = ProfileView(
        state="validated",
        fields=deps.gateway_sealer.seal(text, seal_context(ProfileView, "fields")),
        version=profile.version,
        saved_at=profile.saved_at,
        validated_at=profile.validated_at,
    )
    if profile.validated:
        return view
    result = validate(profile.fields, profile.siret_check)
    return msgspec.structs.replace(
        view,
        state="draft",
        errors=result.errors,
        warnings=result.warnings,
        terms_version=profile.terms_version,
    )


def _draft(request: SaveProfile, former: Profile | None, context: RequestContext[Deps]) -> Profile:
    """The draft to save.

    Accepting the same terms again keeps the time of acceptance. A deferred lookup keeps an earlier
    result for the same SIRET.
    """
    form: SubmittedForm = context.prepared
    now = context.now()
    version, terms_at = request.terms_version, now
    if former is not None and former.terms_at is not None and former.terms_version == version:
        terms_at = former.terms_at
    known: SiretCheck | None = form.record
    if former is not None and former.siret == form.siret and known is not None:
        known = former.siret_check if known.state == DEFERRED and former.siret_check else known
    accepted = form.fields.terms
    before = None if former is None else former.fields
    return Profile(
        account_id=request.account_id,
        fields=follow_siret(form.fields, before, form.siret, form.record),
        version=1 if former is None else former.version + 1,
        siret=form.siret,
        siret_check=known,
        terms_version=version if accepted else "",
        terms_at=terms_at if accepted else None,
        saved_at=now,
    )


async def _publish_saved(draft: Profile, context: RequestContext[Deps]) -> None:
    """Publish that a draft was saved, with the names if they differ from the account's."""
    first_name, first_error = check_name("first_name", draft.fields.first_name)
    last_name, last_error = check_name("last_name", draft.fields.last_name)
    event = ProfileSaved(saved_at=draft.saved_at)
    if not first_error and not last_error:
        known = await store.read_names(context.tx, draft.account_id)
        if known is None or (known.first_name, known.last_name) != (first_name, last_name):
            # Registration will adopt them: changing them back before it does is a change again.
            names = Names(first_name=first_name, last_name=last_name, known_at=draft.saved_at)
            await store.save_names(context.tx, draft.account_id, names)
            seal = context.deps.registration_sealer.seal
            event = ProfileSaved(
                saved_at=draft.saved_at,
                first_name=seal(first_name, seal_context(ProfileSaved, "first_name")),
                last_name=seal(last_name, seal_context(ProfileSaved, "last_name")),
            )
    await context.emit(event, subject=draft.account_id)
