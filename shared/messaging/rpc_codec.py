"""How an answer to a request looks on the wire: a reply, or a refusal; the same for both ends.

Also the fingerprint of a request's content, by which a key that is used twice for different things
is found out.
"""

import hashlib
from typing import Any

import msgspec

from shared.contracts.base import Refusal, Request, Sealed
from shared.messaging.errors import Undecodable

CONTENT_TYPE = "application/json"
IDEMPOTENCY_KEY = "idempotency_key"
MAX_KEY_LENGTH = 200
#: Seconds; the longest a request may ask for.
MAX_TIMEOUT = 3.0

#: Refusals of the machinery itself.
INTERNAL_ERROR = "internal_error"
UNAVAILABLE = "unavailable"
BAD_REQUEST = "bad_request"
KEY_MISSING = "idempotency_key_missing"
KEY_MISMATCH = "idempotency_mismatch"


class ReplyEnvelope(msgspec.Struct, omit_defaults=True):
    """The body of an answer: exactly one of the two is there."""

    reply: Any = None
    refusal: Refusal | None = None


_decoder = msgspec.json.Decoder(ReplyEnvelope)


def encode_reply(reply: msgspec.Struct) -> bytes:
    """The body of a reply."""
    return msgspec.json.encode(ReplyEnvelope(reply=reply))


def encode_refusal(refusal: Refusal) -> bytes:
    """The body of a refusal."""
    return msgspec.json.encode(ReplyEnvelope(refusal=refusal))


def decode_reply(body: bytes) -> ReplyEnvelope:
    """Read an answer, or raise `Undecodable`."""
    try:
        answered = _decoder.decode(body)
    except (msgspec.MsgspecError, ValueError) as error:
        raise Undecodable(f"the answer is not one of ours ({type(error).__name__})") from None
    if (answered.reply is None) == (answered.refusal is None):
        raise Undecodable("the answer holds neither a reply nor a refusal")
    return answered


#: Fields that say how a request came: a press is repeated over another network, in another
#: language, or with another code of the second factor, and is the same act.
CIRCUMSTANCES = frozenset(
    ("network", "device", "language", "known_accounts", "code_proof", "code_at")
)


def content_hash(request: Request) -> bytes:
    """SHA-256 of the request's fields but its circumstances and the sealed ones, whose boxes differ
    each time.
    """
    fields: dict[str, Any] = {}
    for name in request.__struct_fields__:
        if name in CIRCUMSTANCES:
            continue
        value = getattr(request, name)
        fields[name] = "sealed" if isinstance(value, Sealed) else value
    return hashlib.sha256(msgspec.json.encode(fields, order="sorted")).digest()


def request_digest(request: Request) -> str:
    """SHA-256 of the request's type and of what `content_hash` covers, in hexadecimal: what a code
    of the second factor is given for."""
    return hashlib.sha256(request.TYPE.encode() + b"|" + content_hash(request)).hexdigest()
