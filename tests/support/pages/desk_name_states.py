"""Two names side by side, for the pages of a request and of an act."""

import msgspec

from services.gateway.desk.name_comparison import ComparedName, compared_names
from shared.contracts.support.lost_phones import BothNames

_NAMES = BothNames(
    first_name="Marie-Hélène",
    last_name="Durand de La Fontaine",
    given_first_name="Marie Helene",
    given_last_name="Durant Lafontaine",
)


def both_names(lang: str = "fr") -> list[ComparedName]:
    """Names that are written otherwise, and names that differ."""
    return compared_names(msgspec.json.encode(_NAMES).decode(), lang)
