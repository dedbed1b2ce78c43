"""Which part of what is shown is missing while a service does not answer, in words."""

from collections.abc import Iterable

from shared.i18n.catalogue import N_, translate

#: By the name of the service.
MISSING: dict[str, str] = {
    "registration": N_("identité et état du compte"),
    "profile": N_("informations et établissement"),
    "dossiers": N_("dossiers"),
    "mailer": N_("messages envoyés"),
    "gateway": N_("sessions"),
    "mfa": N_("second facteur"),
}


def missing_parts(away: Iterable[str], lang: str) -> list[str]:
    """What does not answer for now."""
    return [translate(MISSING[owner], lang) for owner in away if owner in MISSING]
