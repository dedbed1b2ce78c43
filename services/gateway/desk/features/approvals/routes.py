"""Acts that wait for a second person or for their date."""

from functools import partial

from services.gateway.desk.features.approvals import approvals
from services.gateway.desk.support import agent_of
from services.gateway.http.routes import Page

agent_page = partial(Page, guard=agent_of)
PAGES = (
    agent_page(
        "approvals", "/assistance/approbations", approvals.show_list, login_target="approbations"
    ),
    agent_page(
        "approval",
        "/assistance/approbations/{proposal_id}",
        show_form=approvals.show,
        login_target="approbation",
    ),
    agent_page(
        "approve",
        "/assistance/approbations/{proposal_id}/accord",
        submit=approvals.approve,
        fields="what who evidence code",
        shown_on="approval",
    ),
    agent_page(
        "refuse_act",
        "/assistance/approbations/{proposal_id}/refus",
        submit=approvals.refuse,
        fields="reason",
        shown_on="approval",
    ),
    agent_page(
        "stop_act",
        "/assistance/approbations/{proposal_id}/arret",
        submit=approvals.stop,
        fields="reason",
        shown_on="approval",
    ),
)
