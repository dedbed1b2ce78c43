"""The settings, read-only."""

from services.gateway.desk.features.settings import settings_page
from services.gateway.desk.support import agent_of
from services.gateway.http.routes import Page

PAGES = (
    Page(
        "settings",
        "/assistance/reglages",
        settings_page.show,
        guard=agent_of,
        login_target="reglages",
    ),
)
