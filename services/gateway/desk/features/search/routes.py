"""The search: a form, whose results have an address of their own for a quarter of an hour."""

from services.gateway.desk.features.search import search_pages as pages
from services.gateway.desk.support import agent_of
from services.gateway.http.routes import Page

PAGES = (
    Page(
        "search",
        "/assistance/recherche",
        None,
        pages.submit,
        "search",
        show_form=pages.show,
        guard=agent_of,
        needs_key=False,
        login_target="recherche",
    ),
    Page(
        "ask_for_more_searches",
        "/assistance/recherche/davantage",
        submit=pages.submit_more,
        guard=agent_of,
        shown_on="search",
    ),
)
