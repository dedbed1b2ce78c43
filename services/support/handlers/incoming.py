"""What people ask of the desk is stored as it arrives; what they wrote stays sealed."""

from datetime import datetime

import msgspec

from shared.contracts.gateway import CorrectionRequested, DepartureReported
from shared.contracts.registration.events import LostPhoneReported
from shared.messaging.envelope import Envelope
from shared.messaging.handlers import SqlEffect

INSERT = """
insert into incoming_requests (event_id, type, account_id, body, received_at)
select $3, $4, $5::uuid, $6::jsonb, $7 from first
"""


def store(
    event: CorrectionRequested | DepartureReported | LostPhoneReported,
    envelope: Envelope,
    now: datetime,
    _deps: object,
) -> SqlEffect:
    """One row for one request."""
    body = msgspec.json.encode(event).decode()
    return SqlEffect(INSERT, (envelope.id, event.TYPE, envelope.subject, body, now))
