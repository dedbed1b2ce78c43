"""The pages of an agent's own account."""

from functools import partial

from services.gateway.desk.features.own_account import own_account
from services.gateway.desk.support import agent_of
from services.gateway.http.routes import Page
from services.gateway.portal import new_phone

agent_page = partial(Page, guard=agent_of)
PAGES = (
    agent_page("account", "/moi", show_form=own_account.show, login_target="moi"),
    agent_page(
        "end_other_sessions",
        "/moi/sessions",
        submit=own_account.end_others,
        fields="code",
        shown_on="account",
    ),
    agent_page(
        "set_shortcuts",
        "/moi/raccourcis",
        submit=own_account.set_shortcuts,
        fields="shortcuts",
        needs_key=False,
        shown_on="account",
    ),
    agent_page(
        "change_phone",
        "/moi/telephone",
        None,
        own_account.change_phone,
        "code",
        show_form=own_account.show_phone,
        login_target="telephone",
    ),
    agent_page(
        "new_phone",
        "/moi/telephone/nouveau",
        None,
        new_phone.submit_new,
        "code",
        show_form=new_phone.show_new,
        replayed_flash="phone_changed",
    ),
    agent_page(
        "restart_new_phone",
        "/moi/telephone/recommencer",
        submit=new_phone.restart,
        shown_on="new_phone",
    ),
    agent_page(
        "change_password",
        "/moi/mot-de-passe",
        None,
        own_account.change_password,
        "current_password password code",
        show_form=own_account.show_password,
        login_target="mot-de-passe",
    ),
)
