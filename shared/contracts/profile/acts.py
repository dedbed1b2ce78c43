"""What the desk asks profile before it proposes a correction."""

from shared.contracts.base import Reply, Request, Sealed, request
from shared.contracts.profile.events import OWNER


class CorrectionChecked(Reply, frozen=True, kw_only=True):
    """The correction may be proposed."""


@request(OWNER, CorrectionChecked, changes=False)
class CheckCorrection(Request, frozen=True, kw_only=True):
    """Judge a correction of validated information. `changes` is a JSON object of fields of
    `ProfileFields` and their new values.

    Refused with `not_validated`, `unchanged`, `unknown_choice` (params: field) or `invalid_fields`,
    with the errors of `ValidateProfile`.
    """

    account_id: str
    changes: Sealed
