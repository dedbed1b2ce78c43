"""The token of a « ce n'est pas moi » link.

It identifies the account and the mail, and is signed whenever the mail is built: no table and no
log contains it. Registration verifies it with the same key ring.
"""

from datetime import datetime, timedelta
from uuid import UUID

from shared.security.sealing import KeyRing
from shared.security.signed_tokens import sign

PURPOSE = "disavowal"
TOKEN_LIFETIME = timedelta(days=7)


def expires_at(written_at: datetime) -> datetime:
    """When the link of a mail expires."""
    return written_at + TOKEN_LIFETIME


def not_me_token(ring: KeyRing, account_id: UUID, mail_id: UUID, written_at: datetime) -> str:
    """The token for the link of this mail; the same each time the mail is built."""
    return sign(ring, PURPOSE, (account_id.hex, mail_id.hex), expires_at(written_at))
