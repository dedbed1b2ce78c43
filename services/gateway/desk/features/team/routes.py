"""The pages of the team."""

from functools import partial

from services.gateway.desk.features.team import team_pages
from services.gateway.desk.support import agent_of
from services.gateway.http.routes import Page

agent_page = partial(Page, guard=agent_of)
PAGES = (
    agent_page("team", "/assistance/equipe", team_pages.show_team, login_target="equipe"),
    agent_page(
        "invite_agent",
        "/assistance/equipe/inviter",
        None,
        team_pages.invite,
        "address role language reason code",
        show_form=team_pages.show_invitation,
        login_target="inviter",
    ),
    agent_page(
        "colleague", "/assistance/equipe/{agent}", team_pages.show_agent, login_target="agent"
    ),
    agent_page(
        "act_on_agent",
        "/assistance/equipe/{agent}/{act}",
        None,
        team_pages.submit_act,
        "role reason code",
        show_form=team_pages.show_act,
        login_target="acte-agent",
    ),
)
