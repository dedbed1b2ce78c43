"""What an answer means, when an event is posted again, and which addresses may be connected to."""

import ipaddress
from datetime import UTC, datetime, timedelta

import pytest

from services.push.network_rules import may_connect
from services.push.schedule import classify, parse_retry_after, wait_after
from shared.security.connection_urls import validate_push_url
from shared.security.signing_keys import SigningRing, new_signing_key
from tests.support.each_row import each_row

NOW = datetime(2026, 1, 15, 9, 30, tzinfo=UTC)
KINDS = {
    200: "delivered", 202: "delivered", 204: "delivered", 301: "refused", 307: "refused",
    400: "refused", 401: "refused", 404: "refused", 408: "unavailable", 410: "gone",
    422: "refused", 429: "unavailable", 500: "refused", 502: "unavailable", 503: "unavailable",
    504: "unavailable", 600: "refused",
}  # fmt: skip


def test_an_answer_is_of_one_kind() -> None:
    assert {status: classify(status, "", NOW).kind for status in KINDS} == KINDS


WAITS = {
    "120": 120, "0": 1, "999999": 3_600, "Thu, 15 Jan 2026 09:40:00 GMT": 600,
    "Thu, 15 Jan 2026 09:00:00 GMT": 1, "": None, "soon": None, "-5": None, "1e3": None,
    "99999999999999999999": None,
    "Thu, 15 Jan 2026 99999999999999999999:00:00 GMT": None,
    "Thu, 15 Jan 2026 09:40:00 +99999999999999999999": None,
}  # fmt: skip


@each_row("text", WAITS)
def test_a_wait_that_is_asked_for_is_within_bounds(text: str) -> None:
    wait = parse_retry_after(text, NOW)
    assert (wait and wait.total_seconds()) == WAITS[text]


def test_waits_grow_to_an_hour() -> None:
    waits = [wait_after(failures).total_seconds() for failures in range(1, 8)]
    assert waits == [5, 30, 120, 600, 3_600, 3_600, 3_600]
    assert wait_after(10_000) == timedelta(hours=1)


REFUSED = (
    "127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1",
    "0.0.0.0", "255.255.255.255", "224.0.0.1", "::1", "::", "fe80::1", "fd00::1", "ff02::1",
    "::ffff:127.0.0.1", "::ffff:10.1.2.3", "64:ff9b::7f00:1", "2002:7f00:1::", "::127.0.0.1",
    "64:ff9b:1::7f00:1", "fec0::1", "2001:0:7f00:1::",
)  # fmt: skip


def test_private_addresses_are_refused_unless_their_network_is_named() -> None:
    def allowed(*networks: str) -> list[str]:
        named = [ipaddress.ip_network(one) for one in networks]
        return [one for one in REFUSED if may_connect(ipaddress.ip_address(one), named)]

    assert allowed() == []
    assert allowed("10.1.0.0/16", "::1/128") == ["10.1.2.3", "::1", "::ffff:10.1.2.3"]
    for public in ("8.8.8.8", "2001:4860:4860::8888", "::ffff:8.8.8.8", "64:ff9b::808:808"):
        assert may_connect(ipaddress.ip_address(public), ())


URLS = {
    "https://labo.example/events": None,
    "https://labo.example:8443/a/b?c=d": None,
    "https://[2001:db8::1]/": None,
    "http://labo.example/": "https://",
    "https://labo.example": "must have a path",
    "https://u:p@labo.example/": "no login",
    "https://@labo.example/": "no login",
    "https://labo.example/#x": "no fragment",
    "https://LABO.example/": "small letters",
    "https://labo.example:443/": "usual port",
    "https:///x": "must have a host",
    "https://labo.example/é": "ASCII",
    'https://labo.example/"': "ASCII",
    "https://labo.example/ x": "ASCII",
    "https://labo.example/\n": "ASCII",
    "https://labo.example:x/": "must have a port",
    "labo.example": "https://",
}


@each_row("url", URLS)
def test_an_address_to_push_to_is_checked(url: str) -> None:
    sentence, expected = validate_push_url(url), URLS[url]
    assert sentence is None if expected is None else expected in (sentence or "")


RINGS = {
    "k1:AAAA": "ed25519-private",
    "k1:ed25519-private:AAAA": "32 are needed",
    "k1:x25519-private:AAAA": "ed25519-private",
    ",".join(new_signing_key(f"k{number}") for number in range(5)): "at most 4",
}


@each_row("ring", RINGS)
def test_a_wrong_ring_is_named_without_its_keys(ring: str) -> None:
    with pytest.raises(ValueError, match=RINGS[ring]) as refused:
        SigningRing.parse(ring)
    assert "AAAA" not in str(refused.value)
