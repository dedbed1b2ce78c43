"""The search finds secrets in every encoding, and nothing that only resembles them."""

import base64
import json
from urllib.parse import quote

import pytest

from tests.security.secrets_seen import Secrets

PASSWORD = 'Pw"9 tGm\\xé&'
TOKEN = "q0Lr-9_sVbWz3uHk5mTn7xYc1dEf2gJi4aKo6pQ8rSt"
KEY = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
WAYS = {
    "as it is": PASSWORD,
    "in JSON": json.dumps({"p": PASSWORD}),
    "percent-encoded": f"p={quote(PASSWORD)}&q",
    "base64": base64.b64encode(PASSWORD.encode()).decode(),
    "in the middle of base64": base64.b64encode(f"a{PASSWORD}bc".encode()).decode(),
    "a little further in base64": base64.b64encode(f"ab{PASSWORD}c".encode()).decode(),
    "in base64url": base64.urlsafe_b64encode(f"???{PASSWORD}>>>".encode()).decode(),
    "hexadecimal": f"\\x{PASSWORD.encode().hex()}",
    "in large hexadecimal": PASSWORD.encode().hex().upper(),
    "a token's bytes": base64.urlsafe_b64decode(TOKEN + "=").hex(),
    "a token's bytes in base64": base64.b64encode(base64.urlsafe_b64decode(TOKEN + "=")).decode(),
    "a key in small letters": KEY.lower(),
    "a key in groups": " ".join(KEY[at : at + 4] for at in range(0, len(KEY), 4)),
    "a key in small groups": "-".join(KEY[at : at + 4] for at in range(0, len(KEY), 4)).lower(),
    "a key's bytes": base64.b64encode(base64.b32decode(KEY)).decode(),
}


@pytest.mark.parametrize("way", WAYS)
def test_lg_02_a_secret_is_found_in(way: str) -> None:
    secrets = Secrets()
    secrets.add("secret", PASSWORD, TOKEN, KEY)
    text = f"before {WAYS[way]} after"
    assert secrets.found_in({"here": text, "there": text[:-20]}) == {("secret", "here")}


def test_lg_02_two_codes_of_a_kind_are_a_leak_and_parts_of_numbers_are_none() -> None:
    secrets = Secrets()
    for code in ("123456", "012345", "999999"):
        secrets.add_code("code", code)
    alone = {
        "two": "code=123456, then {'code': '012345'}",
        "base64": base64.b64encode(b"123456").decode(),
    }
    by_chance = {
        "one": "pid 123456",
        "a second's parts": "12:00:00.123456+00:00 12:00:00.999999",
        "longer": "1234567 x123456 012345z",
    }
    found = {place for _, place in secrets.found_in({**alone, **by_chance})}
    assert found == {"two", "base64"}
