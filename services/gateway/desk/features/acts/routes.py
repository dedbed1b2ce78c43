"""The pages on which an agent proposes or does an act."""

from functools import partial

from services.gateway.desk.features.acts import acts
from services.gateway.desk.support import agent_of
from services.gateway.http.routes import Page

agent_page = partial(Page, guard=agent_of)
FIELDS = " ".join((*acts.ALL_FIELDS, "request_number reason note code"))
PAGES = (
    agent_page(
        "act",
        "/assistance/comptes/{account_id}/actes/{act}",
        None,
        acts.propose,
        FIELDS,
        show_form=acts.show,
        login_target="acte",
    ),
    agent_page(
        "act_on_everybody",
        "/assistance/sessions",
        None,
        acts.propose_for_everybody,
        "request_number reason note code",
        show_form=acts.show_for_everybody,
        login_target="sessions",
    ),
)
