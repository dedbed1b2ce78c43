"""The matrix role × act × page × field: every cell, against a table written by hand (AZ-01)."""

import pytest

from services.support import permissions
from services.support.permissions import (
    ACT_REASONS,
    ACTS,
    ALWAYS_OPEN,
    FIELDS,
    LOOK_REASONS,
    VIEWS,
    Role,
)

#: Act: who does or proposes it, who agrees, delay, code. A S E D are the roles.
EXPECTED_ACTS = """
open_request              AS  -   -           -
take_request              AS  -   -           -
answer_request            AS  -   -           -
close_request             AS  -   -           -
edit_answers              S   -   -           -
call                      AS  -   -           -
remove_lost_phone         AS  AS  lost_phone  code
tell_resumption_code      AS  -   -           code
accept_other_names        AS  AS  -           code
correct_information       AS  -   -           -
change_address            AS  AS  sensitive   code
change_name               AS  AS  sensitive   code
change_telephone          AS  AS  sensitive   code
unblock_account           AS  AS  sensitive   code
reactivate_account        AS  AS  sensitive   code
block_account             AS  -   -           code
deactivate_account        AS  -   -           code
release_address           AS  AS  -           code
transfer_dossiers         AS  AS  sensitive   code
undo_transfer             AS  AS  -           code
end_sessions              AS  -   -           code
end_all_sessions          S   S   -           code
mark_password_compromised AS  -   -           code
resend_mail               AS  -   -           -
anonymise                 S   S   sensitive   code
view_more_accounts        ASD S   -           -
invite_agent              S   S   -           code
suspend_agent             S   -   -           code
reinstate_agent           S   S   -           code
remove_agent              S   -   -           code
reset_agent               S   S   -           code
change_agent_role         S   S   -           code
export_journal            SD  SD  -           code
defer_look                D   -   -           -
try_letter                E   -   -           -
replay_letter             E   -   -           -
replay_letters            E   -   -           code
discard_letter            E   -   -           -
discard_letters           E   -   -           code
drop_mail                 E   -   -           -
send_mail                 E   -   -           -
send_mails                E   -   -           code
"""
EXPECTED_VIEWS = """
requests         ASD
answers          AS
search           ASD
account          ASD
approvals        ASD
dormant          SD
team             SD
journal          SD
journal_by_agent D
settings         SED
operations       E
own_account      ASED
help             ASED
"""
#: Reason: whom it serves, and which fields it opens besides those that are always open.
EXPECTED_REASONS = """
lost_phone        AS  name establishment sessions
correction        AS  name address telephone position establishment
departure         AS  name establishment colleagues dossiers
mail_not_received AS  name address mails
question          AS  name
account_security  AS  name sessions mails
data_rights       AS  *
audit             D
"""
ROLES = {"A": Role.AGENT, "S": Role.SUPERVISOR, "E": Role.OPERATOR, "D": Role.AUDITOR}


def _rows(table: str) -> dict[str, list[str]]:
    lines = (line.split() for line in table.strip().splitlines())
    return {name: rest for name, *rest in lines}


def _roles(letters: str) -> set[Role]:
    return {ROLES[letter] for letter in letters if letter != "-"}


@pytest.mark.parametrize("act", sorted(_rows(EXPECTED_ACTS).keys() | ACTS.keys()))
def test_az_01_every_act_of_every_role(act: str) -> None:
    performers, approvers, delay, code = _rows(EXPECTED_ACTS)[act]
    for role in Role:
        assert permissions.may_do(role, act) is (role in _roles(performers)), role
        assert permissions.may_approve(role, act) is (role in _roles(approvers)), role
    assert ACTS[act].delay == delay.replace("-", "")
    assert ACTS[act].fresh_code is (code == "code")


@pytest.mark.parametrize("view", sorted(_rows(EXPECTED_VIEWS).keys() | VIEWS.keys()))
def test_az_01_every_page_of_every_role(view: str) -> None:
    (letters,) = _rows(EXPECTED_VIEWS)[view]
    for role in Role:
        assert permissions.may_view(role, view) is (role in _roles(letters)), role


@pytest.mark.parametrize("reason", sorted(_rows(EXPECTED_REASONS).keys() | LOOK_REASONS.keys()))
def test_az_01_every_field_that_a_reason_opens_for_every_role(reason: str) -> None:
    letters, *names = _rows(EXPECTED_REASONS)[reason]
    opened = set(FIELDS) if names == ["*"] else set(names)
    for role in Role:
        expected = ALWAYS_OPEN | (opened if role in _roles(letters) else set())
        assert permissions.open_fields(role, frozenset((reason,))) == expected, role


def test_az_01_reasons_add_up_and_none_opens_nothing_more() -> None:
    both = permissions.open_fields(Role.AGENT, frozenset(("question", "departure")))
    assert both == ALWAYS_OPEN | {"name", "establishment", "colleagues", "dossiers"}
    assert permissions.open_fields(Role.AGENT, frozenset()) == ALWAYS_OPEN


def test_ot_15_whatever_bears_on_access_of_others_needs_a_code() -> None:
    """A stolen session alone changes nobody's access."""
    without = {act.name for act in ACTS.values() if not act.fresh_code and act.subject == "account"}
    assert without == {"correct_information", "resend_mail"}
    assert all(act.fresh_code for act in ACTS.values() if act.subject in ("accounts", "agent"))


def test_what_waits_has_a_second_person() -> None:
    assert not [act.name for act in ACTS.values() if act.delay and not act.approvers]
    assert len(ACT_REASONS) == len(set(ACT_REASONS))


def test_an_unknown_act_or_page_is_a_bug() -> None:
    with pytest.raises(KeyError):
        permissions.may_do("supervisor", "everything")
    with pytest.raises(KeyError):
        permissions.may_view("supervisor", "everything")
    assert not permissions.may_do("administrator", "take_request")
