"""The call of a request: four steps, the next of which opens when the former is sent."""

from services.gateway.desk.features.call import call_pages as pages
from services.gateway.desk.support import agent_of
from services.gateway.http.routes import Page

PATH = "/assistance/demandes/{number}/appel"


def _step(name: str, path: str, submit: pages.Submit, fields: str) -> Page:
    return Page(
        name,
        f"{PATH}/{path}",
        submit=submit,
        fields=fields,
        shown_on="desk_call",
        guard=agent_of,
    )


PAGES = (
    Page("desk_call", PATH, None, show_form=pages.show, guard=agent_of, login_target="appel"),
    _step("start_call", "debut", pages.start, "line dialled telephone found_at"),
    _step("check_call_word", "mot", pages.check_word, "call word"),
    _step("end_call", "fin", pages.end, "call outcome"),
    _step("propose_removal", "proposition", pages.propose, "call reason note code"),
    _step("propose_names", "nom", pages.propose_names, "reason note code"),
    Page(
        "resumption_code",
        f"{PATH}/code",
        None,
        pages.tell_code,
        "call code",
        show_form=pages.show_code,
        guard=agent_of,
    ),
)
