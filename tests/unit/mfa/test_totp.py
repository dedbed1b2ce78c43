"""Codes and keys: the vectors of the RFCs, input, the key URI."""

import base64
import hashlib
import hmac
import os
import secrets
import struct
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, unquote, urlsplit
from zoneinfo import ZoneInfo

import pyotp
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.mfa.totp import code_at, is_code_of, key_uri, make_key, step_at

#: RFC 4226 and 6238: ASCII 12345678901234567890.
RFC_KEY = base64.b32encode(b"12345678901234567890").decode()
HOTP = [
    "755224", "287082", "359152", "969429", "338314",
    "254676", "287922", "162583", "399871", "520489",
]  # fmt: skip
#: RFC 6238, appendix B, whose codes have eight digits: ours are the last six.
TOTP = {
    59: "94287082",
    1111111109: "07081804",
    1111111111: "14050471",
    1234567890: "89005924",
    2000000000: "69279037",
    20000000000: "65353130",
}

keys = st.binary(min_size=20, max_size=20).map(make_key)
moments = st.datetimes(
    min_value=datetime(1970, 1, 2),
    max_value=datetime(2500, 1, 1),
    timezones=st.sampled_from([UTC, ZoneInfo("Europe/Paris"), ZoneInfo("America/Martinique")]),
)


def reference(key: str, seconds: int) -> str:
    """A second implementation of RFC 6238."""
    digest = hmac.new(
        base64.b32decode(key), struct.pack(">Q", seconds // 30), hashlib.sha1
    ).digest()
    at = digest[-1] & 0xF
    number = struct.unpack(">I", digest[at : at + 4])[0] & 0x7FFFFFFF
    return f"{number % 1_000_000:06d}"


@pytest.mark.parametrize(("step", "code"), list(enumerate(HOTP)))
def test_ot_02_the_vectors_of_rfc_4226(step: int, code: str) -> None:
    assert code_at(RFC_KEY, step) == code


@pytest.mark.parametrize(("seconds", "code"), TOTP.items())
def test_ot_02_the_vectors_of_rfc_6238(seconds: int, code: str) -> None:
    step = step_at(datetime.fromtimestamp(seconds, UTC))
    assert code_at(RFC_KEY, step) == code[-6:]
    assert is_code_of(RFC_KEY, step, code[-6:])
    assert not is_code_of(RFC_KEY, step + 1, code[-6:])


def test_ot_02_a_step_may_be_wider_than_32_bits() -> None:
    step = 2**33 + 5
    assert code_at(RFC_KEY, step) == reference(RFC_KEY, step * 30)


@given(keys, moments)
def test_ot_02_any_key_at_any_moment_agrees_with_the_reference(key: str, at: datetime) -> None:
    assert code_at(key, step_at(at)) == reference(key, int(at.timestamp()))


@pytest.fixture
def in_paris(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The time zone of the process is Paris."""
    monkeypatch.setitem(os.environ, "TZ", "Europe/Paris")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.mark.usefixtures("in_paris")
@pytest.mark.parametrize("minutes", range(0, 121, 15))
def test_ot_07_the_hour_that_paris_has_twice(minutes: int) -> None:
    at = datetime(2026, 10, 25, 0, 30, tzinfo=UTC) + timedelta(minutes=minutes)
    expected = reference(RFC_KEY, int(at.timestamp()))
    forms = [at, at.astimezone(ZoneInfo("Europe/Paris")), at.astimezone()]
    assert {code_at(RFC_KEY, step_at(form)) for form in forms} == {expected}
    # The phone's code, computed with every kind of argument.
    phone = pyotp.TOTP(RFC_KEY)
    assert {phone.at(at), phone.at(int(at.timestamp())), phone.at(forms[1])} == {expected}


def test_ot_07_a_moment_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="zone"):
        step_at(datetime(2026, 10, 25, 1, 30))


def test_ot_01_keys_have_160_bits_and_do_not_repeat() -> None:
    made = {make_key(secrets.token_bytes(20)) for _ in range(10_000)}
    assert len(made) == 10_000
    assert {len(key) for key in made} == {32}
    assert all(len(base64.b32decode(key)) == 20 for key in made)
    with pytest.raises(ValueError, match="20 random bytes"):
        make_key(secrets.token_bytes(16))


@pytest.mark.parametrize(
    ("label", "shown"),
    [
        ("pierre.durand@labo.fr", "pierre.durand@labo.fr"),
        ("élodie+import@labo.fr", "élodie+import@labo.fr"),
        ('"a:b"@labo.fr', '"a-b"@labo.fr'),
        ("a/b?c=d&e#f%20@labo.fr", "a/b?c=d&e#f%20@labo.fr"),
        ("x" * 64 + "@" + "y" * 180 + ".fr", "x" * 64 + "@" + "y" * 180 + ".fr"),
    ],
)
@pytest.mark.parametrize("issuer", ["IMPEXWEB", "Import & export : non", "Médicaments + 1/2"])
def test_ot_03_a_key_uri_is_read_back(label: str, shown: str, issuer: str) -> None:
    if ":" in issuer:
        with pytest.raises(ValueError, match="colon"):
            key_uri(RFC_KEY, label, issuer)
        return
    uri = key_uri(RFC_KEY, label, issuer)
    assert uri.isascii()
    assert "=" not in uri.partition("secret=")[2].partition("&")[0]
    assert uri.count(":") == 2, "one after the scheme, one between issuer and label"
    assert "+" not in uri, "a plus would be read as a space"
    parts = urlsplit(uri)
    assert (parts.scheme, parts.netloc, parts.fragment) == ("otpauth", "totp", "")
    assert unquote(parts.path) == f"/{issuer}:{shown}"
    assert parse_qs(parts.query, strict_parsing=True) == {
        "secret": [RFC_KEY],
        "issuer": [issuer],
        "algorithm": ["SHA1"],
        "digits": ["6"],
        "period": ["30"],
    }
    read = pyotp.parse_uri(uri)
    assert isinstance(read, pyotp.TOTP)
    assert (read.secret, read.issuer, read.name) == (RFC_KEY, issuer, shown)
    assert (read.digits, read.interval, read.digest) == (6, 30, hashlib.sha1)


@given(keys, st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=80))
def test_ot_03_any_label_is_read_back(key: str, label: str) -> None:
    parts = urlsplit(key_uri(key, label, "IMPEXWEB"))
    assert unquote(parts.path) == "/IMPEXWEB:" + label.replace(":", "-").strip()
    assert parse_qs(parts.query)["secret"] == [key]
