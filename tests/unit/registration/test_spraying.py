"""AU-11: spraying is recognised on generated traces, and the innocent are not slowed down."""

import random
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

import pytest

from services.registration import spraying
from services.registration.spraying import (
    MAX_ADDRESSES_PER_PASSWORD,
    Alarm,
    SprayingWatch,
)

NINE = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
QUOTA = 60
LIMIT = QUOTA + 1
OFFICE, ELSEWHERE = "192.0.2.0/24", "198.51.100.0/24"


class Try(NamedTuple):
    """One password from a browser that is not known."""

    second: int
    network: str
    address: str
    password: str
    is_right: bool = False


def watch() -> SprayingWatch:
    return SprayingWatch(lambda network: QUOTA)


def play(watching: SprayingWatch, trace: Iterable[Try]) -> tuple[list[Alarm], int]:
    """The alarms, and how many passwords were not compared."""
    alarms: list[Alarm] = []
    slowed = 0
    for one in sorted(trace):
        now = NINE + timedelta(seconds=one.second)
        if watching.wait(one.network, one.password, now):
            slowed += 1
        elif one.is_right:
            watching.record_right(one.network, one.address, now)
        else:
            alarms += watching.record_wrong(one.network, one.address, one.password, now)
    return alarms, slowed


def network(number: int) -> str:
    return f"10.{number // 256}.{number % 256}.0/24"


def test_au_11_many_addresses_from_one_network_raise_one_alarm_and_are_slowed() -> None:
    trace = [Try(n, OFFICE, f"a{n}@x.fr", f"Password{n}") for n in range(500)]
    alarms, slowed = play(watch(), trace)
    assert alarms == [Alarm("network", LIMIT, first=True)]
    compared = 500 - slowed
    assert compared <= LIMIT + 500 / 30


def test_au_11_one_password_over_many_networks_raises_one_alarm_and_is_slowed() -> None:
    trace = [Try(n, network(n), f"a{n}@x.fr", "Printemps2026") for n in range(500)]
    watching = watch()
    alarms, slowed = play(watching, trace)
    assert alarms == [Alarm("password", MAX_ADDRESSES_PER_PASSWORD, first=True)]
    assert 500 - slowed <= MAX_ADDRESSES_PER_PASSWORD + 500 / 30
    # Its next password needs as many addresses again; the networks are not slowed for others.
    now = NINE + timedelta(seconds=501)
    assert watching.wait(network(3), "Another2026", now) == 0
    assert watching.wait(ELSEWHERE, "Printemps2026", now) > 0


def test_au_11_a_thousand_networks_are_one_line_an_hour() -> None:
    trace = [
        Try(n // 2, network(n // LIMIT), f"a{n}@x.fr", f"Password{n}") for n in range(100 * LIMIT)
    ]
    alarms, _ = play(watch(), trace)
    assert len(alarms) == 100
    assert [one.first for one in alarms] == [True] + [False] * 99


def test_au_11_an_ipv6_attacker_with_many_networks_is_one() -> None:
    trace = [
        Try(n, f"2001:db8:1:{n:x}::/64", f"a{n}@x.fr", f"Password{n}") for n in range(5 * LIMIT)
    ]
    alarms, slowed = play(SprayingWatch(lambda _: QUOTA), trace)
    assert alarms[0] == Alarm("network", LIMIT, first=True)
    assert slowed > 3 * LIMIT


def test_au_11_an_office_in_the_morning_raises_no_alarm() -> None:
    """Of 400 people a fifth mistype once or twice; some of them use the same poor password."""
    chance = random.Random(11)
    trace = []
    for person in range(400):
        second = chance.randrange(3_600)
        for again in range(chance.choice((0, 0, 0, 0, 1, 2)) + 1):
            right = again == 0
            typed = f"Right{person}" if right else f"Wrong{person % 60}"
            address = f"person{person}@lab.fr"
            trace.append(Try(second - again, OFFICE, address, typed, right))
    assert play(watch(), trace) == ([], 0)


def test_au_11_one_person_with_many_tries_is_no_sprayer() -> None:
    trace = [Try(n, OFFICE, "me@x.fr", f"Maybe{n}") for n in range(200)]
    assert play(watch(), trace) == ([], 0)


def test_au_11_an_attackers_own_accounts_do_not_hide_the_others() -> None:
    own = [Try(n, OFFICE, f"own{n}@x.fr", "Mine2026x", is_right=True) for n in range(400)]
    sprayed = [Try(1_000 + n, OFFICE, f"a{n}@x.fr", f"Password{n}") for n in range(400)]
    alarms, _ = play(watch(), [*own, *sprayed])
    assert alarms == [Alarm("network", 3 * LIMIT, first=True)]


def test_au_11_a_stranger_behind_a_slowed_network_gets_a_turn() -> None:
    """Every half minute, whatever the others do."""
    watching = watch()
    play(watching, [Try(0, OFFICE, f"a{n}@x.fr", f"Password{n}") for n in range(LIMIT)])
    assert watching.wait(OFFICE, "Mine2026x", NINE) == 30
    assert watching.wait(OFFICE, "Mine2026x", NINE + timedelta(seconds=4)) == 26
    assert watching.wait(OFFICE, "Mine2026x", NINE + timedelta(seconds=30)) == 0
    assert watching.wait(ELSEWHERE, "Mine2026x", NINE) == 0


def test_au_11_everything_is_forgotten_with_the_hour_and_its_key() -> None:
    watching = watch()
    play(watching, [Try(n, network(n), f"a{n}@x.fr", "Printemps2026") for n in range(20)])
    key, sources = watching._hour.key, list(watching._hour.sources)
    assert watching.wait(ELSEWHERE, "Printemps2026", NINE + timedelta(minutes=1)) == 0
    assert watching.wait(ELSEWHERE, "Printemps2026", NINE + timedelta(minutes=1)) > 0
    watching.clear_expired(NINE + timedelta(minutes=59, seconds=59))
    assert watching._hour.key == key
    watching.clear_expired(NINE + timedelta(hours=1))
    assert watching._hour.key != key
    assert not watching._hour.sources
    play(watching, [Try(3_600, network(n), f"a{n}@x.fr", "Printemps2026") for n in range(5)])
    assert not set(sources) & set(watching._hour.sources), "the same digests under another key"


def test_au_11_nothing_typed_is_kept_and_memory_has_an_end(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(spraying, "MAX_REMEMBERED", 300)
    watching = watch()
    trace = [Try(0, network(n % 9), f"a{n}@x.fr", f"Secret{n}") for n in range(400)]
    for one in trace[:50]:
        watching.record_wrong(one.network, one.address, one.password, NINE)
    kept = repr(vars(watching._hour))
    assert not any(part in kept for part in ("Secret", "@x.fr", "10.0."))
    for one in trace:
        watching.record_wrong(one.network, one.address, one.password, NINE)
    assert len(watching._hour.sources) == 300


@pytest.mark.parametrize("password_limit", [None, 10])
def test_au_11_where_networks_are_not_counted_none_is_recognised(
    password_limit: int | None,
) -> None:
    watching = SprayingWatch(lambda _: None, password_limit)
    trace = [Try(n, OFFICE, f"a{n}@x.fr", "Printemps2026") for n in range(100)]
    alarms, _ = play(watching, trace)
    assert [one.by for one in alarms] == (["password"] if password_limit else [])
