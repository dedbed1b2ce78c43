"""HTTP message signatures: the example of RFC 9421 (B.2.6), the digest of RFC 9530, our headers."""

import base64
from datetime import UTC, datetime

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from services.push.signatures import (
    content_digest,
    signature_base,
    signature_parameters,
    signed_headers,
)
from shared.security.signing_keys import SigningRing, new_signing_key
from tests.support.push_receiver import Post, verify

#: `test-key-ed25519`, RFC 9421, B.1.4.
KEY = b"""-----BEGIN PRIVATE KEY-----
MC4CAQAwBQYDK2VwBCIEIJ+DYvh6SEqVTm50DFtMDoQikTmiCqirVv9mWG9qfSnF
-----END PRIVATE KEY-----
"""
SIGNATURE = (
    "wqcAqbmYJ2ji2glfAMaRy4gruYYnx2nEFN2HN6jrnDnQCK1u02Gb04v9EDgwUPiu4A0w6vuQv5lIp5WPpBKRCw=="
)
COMPONENTS = {
    "date": "Tue, 20 Apr 2021 02:07:55 GMT",
    "@method": "POST",
    "@path": "/foo",
    "@authority": "example.com",
    "content-type": "application/json",
    "content-length": "18",
}


def test_b_10_the_example_of_the_standard_is_signed_alike() -> None:
    parameters = signature_parameters(
        tuple(COMPONENTS), created=1618884473, keyid="test-key-ed25519"
    )
    key = load_pem_private_key(KEY, None)
    assert isinstance(key, Ed25519PrivateKey)
    signature = key.sign(signature_base(COMPONENTS, parameters))
    assert base64.b64encode(signature).decode() == SIGNATURE


def test_the_digest_is_that_of_the_standard() -> None:
    """RFC 9530, appendix D."""
    expected = "sha-256=:X48E9qOokqqrvdts8nOJRJN3OWDUoyWxBf7kbu9DBPE=:"
    assert content_digest(b'{"hello": "world"}') == expected


def test_a_message_bears_a_signature_by_each_key() -> None:
    ring = SigningRing.parse(f"{new_signing_key('k2')},{new_signing_key('k1')}")
    at = datetime(2026, 1, 15, 9, 30, tzinfo=UTC)
    headers = signed_headers("https://labo.example/events?a=1", b"{}", "a/b", ring.keys, at)
    covered = '("@method" "@target-uri" "content-digest" "content-type")'
    assert headers["Signature-Input"] == ", ".join(
        f'sig{number}={covered};created=1768469400;keyid="{key_id}";tag="impex-push"'
        for number, key_id in ((1, "k2"), (2, "k1"))
    )
    first, second = headers["Signature"].split(", ")
    assert (first[:6], second[:6]) == ("sig1=:", "sig2=:")
    assert first[6:] != second[6:]


def test_b_10_a_receiver_verifies_by_the_key_that_it_knows() -> None:
    """The program of the page, before, during and after a rotation."""
    url, at = "https://labo.example/events", datetime(2026, 1, 15, 9, 30, tzinfo=UTC)
    ring = SigningRing.parse(f"{new_signing_key('k2')},{new_signing_key('k1')}")
    post = Post("/events", signed_headers(url, b"{}", "a/b", ring.keys, at), b"{}")
    known = {key_id: base64.b64encode(key).decode() for key_id, key in ring.public_keys()}
    for key_id in known:
        verify(post, url, {key_id: known[key_id]}, at.timestamp())
    for wrong in ({"k3": known["k1"]}, {"k1": known["k2"]}):
        with pytest.raises((ValueError, InvalidSignature)):
            verify(post, url, wrong, at.timestamp())
