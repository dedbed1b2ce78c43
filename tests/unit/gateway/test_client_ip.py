"""AU-12: the client's address, from trusted proxies only."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.gateway.http.client_ip import network_of, parse_networks, resolve_client_ip

TRUSTED = parse_networks(("127.0.0.0/8", "10.0.0.0/8", "fd00::/8"))


@pytest.mark.parametrize(
    ("peer", "forwarded", "expected"),
    [
        ("198.51.100.7", [], "198.51.100.7"),
        ("198.51.100.7", ["203.0.113.5"], "198.51.100.7"),
        ("127.0.0.1", [], "127.0.0.1"),
        ("127.0.0.1", ["203.0.113.5"], "203.0.113.5"),
        ("127.0.0.1", ["192.0.2.1, 203.0.113.5"], "203.0.113.5"),
        ("127.0.0.1", ["192.0.2.1", "203.0.113.5, 10.9.9.9"], "203.0.113.5"),
        ("127.0.0.1", ["10.1.1.1, 10.2.2.2"], "10.1.1.1"),
        ("127.0.0.1", ["192.0.2.1, nonsense"], "127.0.0.1"),
        ("127.0.0.1", ["192.0.2.1, nonsense, 10.2.2.2"], "10.2.2.2"),
        ("127.0.0.1", [""], "127.0.0.1"),
        ("127.0.0.1", ["203.0.113.5:4711"], "203.0.113.5"),
        ("127.0.0.1", ["[2001:db8::1]:4711"], "2001:db8::1"),
        ("fd00::1", ["2001:db8::1"], "2001:db8::1"),
        ("::ffff:127.0.0.1", ["203.0.113.5"], "203.0.113.5"),
        ("fe80::1%eth0", [], "fe80::1"),
        (None, ["203.0.113.5"], "0.0.0.0"),
    ],
)
def test_au_12_the_rightmost_hop_that_is_no_proxy(
    peer: str | None, forwarded: list[str], expected: str
) -> None:
    assert resolve_client_ip(peer, forwarded, TRUSTED) == expected


@given(st.lists(st.text(max_size=80), max_size=5))
def test_au_12_no_header_is_trusted_by_default(forwarded: list[str]) -> None:
    assert resolve_client_ip("198.51.100.7", forwarded, ()) == "198.51.100.7"


@given(st.lists(st.text(max_size=80), max_size=5))
def test_any_forwarded_header_gives_an_address(forwarded: list[str]) -> None:
    assert network_of(resolve_client_ip("127.0.0.1", forwarded, TRUSTED))


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("198.51.100.7", "198.51.100.0/24"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("nonsense", "0.0.0.0/24"),
    ],
)
def test_limits_count_by_network(address: str, network: str) -> None:
    assert network_of(address) == network
