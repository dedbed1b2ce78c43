"""Registration's settings with keys of the tests' own."""

from services.registration.settings import RegistrationSettings
from shared.security.seal_keys import new_seal_key
from shared.security.sealing import new_key
from shared.settings import load

KEYS = {
    name: (new_seal_key if "SEAL" in name else new_key)("t1")
    for name in (
        "IMPEX_SEAL_KEYS_REGISTRATION",
        "IMPEX_SEAL_KEYS_MAILER",
        "IMPEX_SEAL_KEYS_GATEWAY",
        "IMPEX_SEAL_KEYS_SUPPORT",
        "IMPEX_TOKEN_KEYS",
        "IMPEX_PEPPER_KEYS",
        "IMPEX_DISAVOWAL_KEYS",
    )
}
PLACES = {
    "IMPEX_REGISTRATION_DATABASE_URL": "postgresql://registration:x@127.0.0.1/impex",
    "IMPEX_REGISTRATION_AMQP_URL": "amqp://registration:x@127.0.0.1/",
}


def settings(**more: str) -> RegistrationSettings:
    """The defaults, changed by `more`."""
    return load(RegistrationSettings, {**PLACES, **KEYS, **more})
