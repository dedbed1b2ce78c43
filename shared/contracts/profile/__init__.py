"""Messages of the complementary information: the person and the declared establishment."""

from shared.contracts.profile.events import (
    OWNER,
    AccountValidated,
    DraftExpired,
    EstablishmentCheckDeferred,
    EstablishmentChecked,
    ProfileSaved,
)
from shared.contracts.profile.requests import (
    DescribeProfile,
    ExportAccount,
    FindEstablishment,
    SaveProfile,
    ValidateProfile,
)
from shared.contracts.profile.views import (
    ESTABLISHMENT_TYPES,
    POSITIONS,
    EstablishmentView,
    ProfileFields,
    ProfileView,
)

__all__ = [
    "ESTABLISHMENT_TYPES",
    "OWNER",
    "POSITIONS",
    "AccountValidated",
    "DescribeProfile",
    "DraftExpired",
    "EstablishmentCheckDeferred",
    "EstablishmentChecked",
    "EstablishmentView",
    "ExportAccount",
    "FindEstablishment",
    "ProfileFields",
    "ProfileSaved",
    "ProfileView",
    "SaveProfile",
    "ValidateProfile",
]
