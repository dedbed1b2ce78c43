"""Settings of support with keys for tests."""

from services.support.settings import SupportSettings
from shared.security.seal_keys import new_seal_key
from shared.security.sealing import new_key
from shared.settings import load

KEYS = {
    name: (new_seal_key if "SEAL" in name else new_key)("t1")
    for name in (
        "IMPEX_SEAL_KEYS_SUPPORT",
        "IMPEX_SEAL_KEYS_MAILER",
        "IMPEX_SEAL_KEYS_GATEWAY",
        "IMPEX_SEAL_KEYS_DESK",
        "IMPEX_JOURNAL_KEYS",
        "IMPEX_SEAL_KEYS_REGISTRATION",
        "IMPEX_SEAL_KEYS_PROFILE",
        "IMPEX_CODE_PROOF_KEYS",
        "IMPEX_SUPPORT_TOKEN_KEYS",
        "IMPEX_SUPPORT_PEPPER_KEYS",
    )
}
URLS = {
    "IMPEX_SUPPORT_DATABASE_URL": "postgresql://support:x@127.0.0.1/impex",
    "IMPEX_SUPPORT_AMQP_URL": "amqp://support:x@127.0.0.1/",
}


def settings(**changes: str) -> SupportSettings:
    """The defaults with some changes."""
    return load(SupportSettings, {**URLS, **KEYS, **changes})
