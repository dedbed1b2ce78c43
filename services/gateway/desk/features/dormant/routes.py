"""Accounts that nobody signs in to."""

from services.gateway.desk.features.dormant import dormant_page
from services.gateway.desk.support import agent_of
from services.gateway.http.routes import Page

PAGES = (
    Page(
        "dormant",
        "/assistance/dormants",
        dormant_page.show,
        guard=agent_of,
        login_target="dormants",
        keep_query=dormant_page.keep_query,
    ),
)
