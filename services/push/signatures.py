"""HTTP message signatures (RFC 9421) with Ed25519, over a digest of the body (RFC 9530).

Pure: keys and time are given. What is signed: the method, the whole address, the digest and the
kind of the content.
"""

import base64
import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

#: What our signatures are for: a receiver takes no other of the same key for one of these.
TAG = "impex-push"


def content_digest(body: bytes) -> str:
    """The value of `Content-Digest`."""
    return f"sha-256=:{_base64(hashlib.sha256(body).digest())}:"


def signed_headers(
    url: str,
    body: bytes,
    content_type: str,
    keys: Sequence[tuple[str, Ed25519PrivateKey]],
    now: datetime,
) -> dict[str, str]:
    """The headers of a POST of `body` to `url`, with a signature by each of `keys`."""
    digest = content_digest(body)
    components = {
        "@method": "POST",
        "@target-uri": url,
        "content-digest": digest,
        "content-type": content_type,
    }
    inputs, signatures = [], []
    for number, (key_id, key) in enumerate(keys, 1):
        parameters = signature_parameters(
            tuple(components), created=int(now.timestamp()), keyid=key_id, tag=TAG
        )
        signature = key.sign(signature_base(components, parameters))
        inputs.append(f"sig{number}={parameters}")
        signatures.append(f"sig{number}=:{_base64(signature)}:")
    return {
        "Content-Type": content_type,
        "Content-Digest": digest,
        "Signature-Input": ", ".join(inputs),
        "Signature": ", ".join(signatures),
    }


def signature_parameters(names: Sequence[str], **parameters: str | int) -> str:
    """The covered components and the parameters, as `Signature-Input` and the base write them."""
    covered = " ".join(f'"{name}"' for name in names)
    written = (
        f";{name}={value}" if isinstance(value, int) else f';{name}="{value}"'
        for name, value in parameters.items()
    )
    return f"({covered}){''.join(written)}"


def signature_base(components: Mapping[str, str], parameters: str) -> bytes:
    """What is signed: a line for each component, then the parameters."""
    lines = [f'"{name}": {value}' for name, value in components.items()]
    return "\n".join([*lines, f'"@signature-params": {parameters}']).encode("ascii")


def _base64(raw: bytes) -> str:
    return base64.b64encode(raw).decode()
