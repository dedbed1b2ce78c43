"""The telephone number of a file, which the desk calls about a lost phone (OT-15)."""

import msgspec

from services.profile import store
from services.profile.deps import Deps
from services.profile.phones import describe_phone
from shared.contracts.profile.telephones import DescribeTelephone, TelephoneView
from shared.messaging.handlers import RequestContext
from shared.security.sealing import seal_context


async def describe_telephone(
    request: DescribeTelephone, context: RequestContext[Deps]
) -> TelephoneView:
    """The number, of a draft or validated, and since when it is what it is."""
    profile = await store.read(context.tx, request.account_id)
    if profile is None:
        return TelephoneView()
    shown = describe_phone(profile.fields.phone, profile.fields.country)
    if shown is None:
        return TelephoneView()
    number, mobile = shown
    text = msgspec.json.encode(
        {
            "number": number,
            "extension": profile.fields.phone_extension,
            "company_name": profile.fields.company_name,
            "city": profile.fields.city,
        }
    ).decode()
    return TelephoneView(
        number=context.deps.support_sealer.seal(text, seal_context(TelephoneView, "number")),
        since=profile.phone_since,
        mobile=mobile,
    )
