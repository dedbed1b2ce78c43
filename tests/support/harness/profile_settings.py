"""Settings of the profile service with keys for tests."""

from services.profile.settings import ProfileSettings
from shared.security.seal_keys import new_seal_key
from shared.settings import load

KEYS = {
    name: new_seal_key("t1")
    for name in (
        "IMPEX_SEAL_KEYS_PROFILE",
        "IMPEX_SEAL_KEYS_GATEWAY",
        "IMPEX_SEAL_KEYS_REGISTRATION",
        "IMPEX_SEAL_KEYS_MAILER",
        "IMPEX_SEAL_KEYS_SUPPORT",
    )
}
URLS = {
    "IMPEX_PROFILE_DATABASE_URL": "postgresql://profile:x@127.0.0.1/impex",
    "IMPEX_PROFILE_AMQP_URL": "amqp://profile:x@127.0.0.1/",
}


def settings(**changes: str) -> ProfileSettings:
    """The defaults with some changes."""
    return load(ProfileSettings, {**URLS, **KEYS, **changes})
