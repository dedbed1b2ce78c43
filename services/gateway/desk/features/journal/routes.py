"""The pages of the journal: what agents did, and exports of accounts and events."""

from functools import partial

from services.gateway.desk.features.journal import exports, journal_page
from services.gateway.desk.support import agent_of
from services.gateway.http.routes import Page

agent_page = partial(Page, guard=agent_of)
PAGES = (
    agent_page(
        "journal",
        "/assistance/journal",
        journal_page.show,
        login_target="journal",
        keep_query=journal_page.keep_query,
    ),
    agent_page(
        "journal_exports",
        "/assistance/journal/exports",
        None,
        exports.propose,
        "first_day last_day reason code",
        show_form=exports.show,
        login_target="exports",
    ),
    agent_page(
        "journal_export_file",
        "/assistance/journal/exports/{export}",
        exports.download,
        language_target=False,
        head=False,
    ),
)
