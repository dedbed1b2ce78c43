"""The six digits of a mail that its link's page asks for, before the link takes something away.

Wrong ones are counted for a day per link. What is counted outlives the refusal, so handlers return
it with `context.refuse`.
"""

from datetime import timedelta

from services.registration import rate_limit_store
from services.registration.deps import Deps
from services.registration.handlers import mailed_codes
from shared.contracts.base import Refusal
from shared.contracts.registration.requests import ConfirmLostPhone, Disavow, UnlockAddress
from shared.domain.rate_limits import Quota
from shared.messaging.handlers import RequestContext
from shared.runtime.telemetry import get_logger
from shared.security.link_codes import is_link_code
from shared.security.sealing import keyed_hashes

#: What the counters of wrong codes are bound to.
PURPOSE = "registration/link_code"
KIND = "link_codes"

log = get_logger("registration")


async def check(
    request: ConfirmLostPhone | Disavow | UnlockAddress, context: RequestContext[Deps]
) -> Refusal | None:
    """Why the typed code of a valid link is refused, or None; no six digits raise `Refused`."""
    deps = context.deps
    typed, token = mailed_codes.read_code(request, deps), deps.open(request, "link_token") or ""
    tries = deps.settings.verify_tries
    quota = Quota(name=KIND, limit=tries, window=timedelta(days=1))
    keys = tuple(each.hex() for each in keyed_hashes(deps.token_keys, PURPOSE, token))
    (wrong,) = await rate_limit_store.lock(context.tx, [(KIND, keys)], context.now())
    left = quota.left(wrong, context.now())
    if left and is_link_code(deps.disavowal_keys, token, typed):
        return None
    if left:
        await rate_limit_store.add(context.tx, [(KIND, keys)], context.now())
        log.warning("A mailed code was wrong.", action="authn_code_fail", purpose=KIND)
    if left <= 1:
        return Refusal(slug="code_void", params={"tries": tries})
    return Refusal(slug="wrong_code", params={"tries_left": left - 1})
