"""The pages of operators."""

from functools import partial

from services.gateway.desk.features.operations import queues_page
from services.gateway.desk.support import agent_of
from services.gateway.http.routes import Page

operator_page = partial(Page, guard=agent_of)
PAGES = (
    operator_page(
        "operations", "/exploitation", queues_page.show, login_target="exploitation",
        keep_query=queues_page.keep_query,
    ),
    operator_page(
        "operations_state",
        "/exploitation/etat",
        queues_page.state,
        language_target=False,
        background=True,
    ),
    operator_page(
        "operations_live",
        "/exploitation/suivi",
        queues_page.follow,
        language_target=False,
        background=True,
        head=False,
        stream=True,
    ),
)  # fmt: skip
