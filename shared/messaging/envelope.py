"""The envelope around every message: CloudEvents 1.0."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, kw_only=True)
class Envelope:
    """Who says what about whom, and when. `data` is the contract as plain JSON values."""

    id: str
    source: str
    type: str
    subject: str | None
    time: datetime
    traceparent: str | None
    data: dict[str, object]
