"""Rules about an agent's account: addresses, passwords, states."""

from datetime import UTC, datetime, timedelta

import pytest

from services.support.agents import (
    NEWCOMER_TIME,
    Agent,
    agent_key,
    check_agent_password,
    parse_agent_address,
)
from shared.security.sealing import new_token

NOON = datetime(2026, 1, 15, 12, tzinfo=UTC)
PERSONAL = ("Zoé", "d’Été-Müller", "zoe.durand@ansm.example")


def agent(**changes: object) -> Agent:
    """An active agent who joined a week ago."""
    values = {
        "id": "0b0f8a52-3c1f-4b0e-9b0a-5b6f3f0f9d11",
        "address": "zoe.durand@ansm.example",
        "first_name": "Zoé",
        "last_name": "Durand",
        "language": "fr",
        "role": "agent",
        "state": "active",
        "since": NOON,
        "joined_at": NOON - timedelta(days=7),
        **changes,
    }
    return Agent(**values)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("Zoe.Durand@ANSM.example", "Zoe.Durand@ansm.example"),
        (" zoe@ansm.example\u200b", "zoe@ansm.example"),
        ("mailto:zoe@ansm.example", "zoe@ansm.example"),
    ],
)
def test_an_address_is_read_as_people_paste_it(typed: str, kept: str) -> None:
    assert parse_agent_address(typed, ("ansm.example",)) == kept
    assert agent_key(kept) == kept.lower()


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ("", "is not an e-mail address that mail reaches"),
        ("zoe", "is not an e-mail address that mail reaches"),
        ("zoe@ansm.local", "is not an e-mail address that mail reaches"),
        ("zoe@ansm", "is not an e-mail address that mail reaches"),
        ("zoe@evil.example", "must be an address of ansm.example"),
        ("zoe@sub.ansm.example", "must be an address of ansm.example"),
        ("zoe@ansm.example.evil.example", "must be an address of ansm.example"),
        ("zoe@ansm.example, x@evil.example", "is not an e-mail address that mail reaches"),
        ("zоe@ansm.example", "is not an e-mail address that mail reaches"),
    ],
)
def test_an_address_elsewhere_is_refused(typed: str, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        parse_agent_address(typed, ("ansm.example",))


@pytest.mark.parametrize(
    ("password", "code"),
    [
        ("", "too_short"),
        ("Kvfz9rLq#2", "too_short"),
        ("a" * 13, "too_short"),
        ("a" * 200, "too_long"),
        ("aaaaaaaaaaaaaaaaaa", "too_simple"),
        ("motdepasse123456", "too_simple"),
        ("durand-vogue-paisible-9", "personal"),
        ("orage MÜLLER rivage 44", "personal"),
    ],
)
def test_pw_01_a_weak_password_of_an_agent(password: str, code: str) -> None:
    problem = check_agent_password(password, personal=PERSONAL)
    assert problem is not None
    assert (problem.field, problem.code) == ("password", code)


def test_pw_01_a_long_password_is_accepted() -> None:
    assert check_agent_password("rivage tortue sextant 44", personal=PERSONAL) is None


def test_re_07_the_link_is_no_password() -> None:
    token = new_token()
    problem = check_agent_password(f"x{token}", personal=PERSONAL, link_token=token)
    assert problem is not None
    assert problem.code == "not_the_link"


@pytest.mark.parametrize(
    ("state", "signs_in", "works"),
    [
        ("proposed", False, False),
        ("accepted", False, False),
        ("invited", False, False),
        ("to_enrol", True, False),
        ("active", True, True),
        ("suspended", False, False),
        ("removed", False, False),
    ],
)
def test_az_04_what_each_state_allows(state: str, signs_in: bool, works: bool) -> None:
    one = agent(state=state)
    assert (one.may_sign_in, one.may_work) == (signs_in, works)


def test_ot_15_a_newcomer_for_72_hours() -> None:
    one = agent(joined_at=NOON)
    assert one.is_newcomer(NOON + NEWCOMER_TIME - timedelta(seconds=1))
    assert not one.is_newcomer(NOON + NEWCOMER_TIME)
    assert agent(joined_at=None).is_newcomer(NOON + timedelta(days=365))


def test_a_name_is_shown_or_the_address() -> None:
    assert agent().name == "Zoé Durand"
    assert agent(first_name="", last_name="").name == "zoe.durand@ansm.example"
