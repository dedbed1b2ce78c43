"""Replies of the second factor. Secrets are sealed for the service that asked."""

from datetime import datetime

from shared.contracts.base import Reply, Sealed


class FactorView(Reply, frozen=True, kw_only=True):
    """An account's second factor: authenticator, when enrolled, recovery codes, confirmed or not.

    `recovery_on` is the setting; `recovery_kept`: the person confirmed having the list.
    `replacement_until`: until then another phone may be enrolled in place of a lost one.
    """

    enrolled_at: datetime | None = None
    recovery_on: bool = True
    recovery_left: int = 0
    recovery_kept: bool = False
    replacement_until: datetime | None = None


class EnrolmentView(Reply, frozen=True, kw_only=True):
    """An authenticator to be enrolled: its key in base32 and as an `otpauth:` URI, both sealed.

    `by` is what allows it to replace another one, as in `AuthenticatorReplaced`.
    """

    enrolment_id: str
    key: Sealed
    uri: Sealed
    replaces: bool
    expires_at: datetime
    by: str = ""


class CodeView(Reply, frozen=True, kw_only=True):
    """The code was right. `failures` were wrong since the last right one.

    `recovery_due`: recovery codes are in use, and this account's list is not confirmed yet. `proof`
    is signed for whoever carries out what the code was given for (`shared.security.code_proofs`).
    """

    accepted_at: datetime
    failures: int = 0
    recovery_due: bool = False
    proof: str = ""


class EnrolledView(Reply, frozen=True, kw_only=True):
    """The authenticator is active from `enrolled_at`; `replaced`: another one ended.

    `recovery_due` as in `CodeView`.
    """

    enrolled_at: datetime
    replaced: bool
    recovery_due: bool = False


class RecoveryCodesView(Reply, frozen=True, kw_only=True):
    """A new list of recovery codes, sealed, parted by spaces; shown once.

    `renewed`: it replaces a list that was never confirmed.
    """

    codes: Sealed
    made_at: datetime
    renewed: bool
