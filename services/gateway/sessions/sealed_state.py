"""Content that a page shows once and may have to show again: a sealed hidden field of its form.

The browser shows the same in clear, so nothing is disclosed; another browser or session cannot have
it opened.
"""

import msgspec
from aiohttp import web

from shared.contracts.base import Sealed
from shared.errors import DecryptionError
from shared.security.sealing import KeyRing, Opener, Sealer

RECIPIENT = "gateway/page"
#: Longer sealed texts are refused.
MAX_CHARACTERS = 48_000


class SealedState:
    """Seals texts for one session and opens them again.

    `ring` also makes keyed hashes, so the keys that seal are derived from it (CR-04).
    """

    def __init__(self, ring: KeyRing) -> None:
        sealing = ring.derived("page")
        self._sealer = Sealer(RECIPIENT, sealing)
        self._opener = Opener(RECIPIENT, sealing)

    def seal(self, text: str, session_id: str) -> str:
        """The text as a form's hidden field carries it."""
        sealed = self._sealer.seal(text, session_id)
        return f"{sealed.key_id}.{sealed.box}"

    def open(self, field: str, session_id: str) -> str | None:
        """The text, or None where we did not seal it for this session."""
        key_id, dot, box = field.partition(".")
        if not dot or len(field) > MAX_CHARACTERS or not field.isascii():
            return None
        try:
            sealed = Sealed(recipient=RECIPIENT, key_id=key_id, box=box)
            return self._opener.open(sealed, session_id)
        except (DecryptionError, msgspec.MsgspecError):
            return None


SEALED_STATE = web.AppKey("sealed_state", SealedState)
