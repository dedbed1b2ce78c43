"""The call of a request: four steps, the next of which opens when the former is sent."""

from services.gateway.desk.features.call import call_pages as pages
from services.gateway.desk.support import agent_of
from services.gateway.http.routes import Page


def _step(name: str, path: str, submit: pages.Submit, fields: str) -> Page:
    return Page(
        name,
        f"{pages.PATH}/{path}",
        submit=submit,
        fields=f"number {fields}",
        shown_on="desk_call",
        guard=agent_of,
    )


PAGES = (
    Page(
        "desk_call",
        pages.PATH,
        None,
        show_form=pages.show,
        guard=agent_of,
        form_query=pages.call_query,
        keep_query=pages.keep_query,
    ),
    _step("start_call", "debut", pages.start, "line dialled telephone found_at"),
    _step("check_call_word", "mot", pages.check_word, "call word"),
    _step("end_call", "fin", pages.end, "call outcome"),
    _step("propose_removal", "proposition", pages.propose, "call reason note code"),
    _step("propose_names", "nom", pages.propose_names, "reason note code"),
    Page(
        "resumption_code",
        f"{pages.PATH}/code",
        None,
        pages.tell_code,
        "number call code",
        show_form=pages.show_code,
        guard=agent_of,
        form_query=pages.call_query,
    ),
)
