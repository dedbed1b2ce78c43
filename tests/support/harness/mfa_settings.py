"""Settings of the mfa service with keys for tests."""

from services.mfa.settings import MfaSettings
from shared.security.seal_keys import new_seal_key
from shared.security.sealing import new_key
from shared.settings import load

KEYS = {
    name: (new_seal_key if "SEAL" in name else new_key)("t1")
    for name in (
        "IMPEX_SEAL_KEYS_MFA",
        "IMPEX_SEAL_KEYS_GATEWAY",
        "IMPEX_SEAL_KEYS_DESK",
        "IMPEX_CODE_PROOF_KEYS",
        "IMPEX_TOTP_KEYS",
        "IMPEX_RECOVERY_KEYS",
    )
}
URLS = {
    "IMPEX_MFA_DATABASE_URL": "postgresql://mfa:x@127.0.0.1/impex",
    "IMPEX_MFA_AMQP_URL": "amqp://mfa:x@127.0.0.1/",
}


def settings(**changes: str) -> MfaSettings:
    """The defaults with some changes."""
    return load(MfaSettings, {**URLS, **KEYS, **changes})
