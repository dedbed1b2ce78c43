"""The acts that an account page offers, by role and state, with their conditions (B-05, AZ-01)."""

from datetime import timedelta

import pytest

from services.support.account_acts import STATES, offered_acts
from services.support.permissions import ACTS, Role, may_do
from services.support.proposals import Delays

DELAYS = Delays(sensitive=timedelta(hours=72), lost_phone=timedelta(hours=24))


def names(role: str, state: str) -> set[str]:
    return {one.act for one in offered_acts(role, state, DELAYS)}


@pytest.mark.parametrize("role", list(Role))
def test_az_01_only_what_the_role_may_propose_is_offered(role: str) -> None:
    offered = names(role, "")
    assert all(may_do(role, act) and ACTS[act].subject == "account" for act in offered)
    assert (offered == set()) == (role in ("operator", "auditor"))
    assert ("anonymise" in offered) == (role == "supervisor")
    assert offered.isdisjoint({"resend_mail", "remove_lost_phone", "end_all_sessions"})


@pytest.mark.parametrize(
    ("state", "there", "absent"),
    [
        ("active", {"block_account", "deactivate_account", "end_sessions"},
         {"unblock_account", "reactivate_account", "release_address"}),
        ("frozen", {"unblock_account", "deactivate_account"}, {"reactivate_account"}),
        ("deactivated", {"reactivate_account", "release_address"},
         {"deactivate_account", "end_sessions", "change_address"}),
        ("no_password", {"correct_information", "deactivate_account"}, {"change_address"}),
    ],
)  # fmt: skip
def test_an_act_that_the_state_forbids_is_not_offered(
    state: str, there: set[str], absent: set[str]
) -> None:
    offered = names("agent", state)
    assert there <= offered
    assert absent.isdisjoint(offered)
    assert set(STATES) <= set(ACTS)


def test_ot_15_acts_show_two_people_and_their_delay() -> None:
    offered = {one.act: one for one in offered_acts("agent", "active", DELAYS)}
    change, block = offered["change_address"], offered["block_account"]
    assert (change.two_people, change.delay_minutes) == (True, 72 * 60)
    assert (block.two_people, block.delay_minutes) == (False, 0)
