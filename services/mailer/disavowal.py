"""The token of a « ce n'est pas moi » link (settled 8).

It names the account and the mail, and is made anew whenever the mail is built: no table and no log
holds it. Registration reads it, with the same key ring.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from shared.security.sealing import KeyRing
from shared.security.signed_tokens import sign

PURPOSE = "disavowal"
LIFE = timedelta(days=7)


def runs_out(written_at: datetime) -> datetime:
    """Until when the link of a mail is good."""
    return written_at + LIFE


def disavowal_token(ring: KeyRing, account_id: UUID, mail_id: UUID, written_at: datetime) -> str:
    """What the link of this mail carries; the same each time the mail is built."""
    return sign(ring, PURPOSE, (account_id.hex, mail_id.hex), runs_out(written_at))
