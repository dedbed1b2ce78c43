"""Pages about requests of people."""

from functools import partial

from services.gateway.desk.features.requests import (
    new_request,
    queue_page,
    ready_answers,
    request_pages,
)
from services.gateway.desk.support import agent_of
from services.gateway.http.routes import Page

agent_page = partial(Page, guard=agent_of)
PAGES = (
    agent_page(
        "requests",
        "/assistance/demandes",
        queue_page.show,
        login_target="demandes",
        keep_query=queue_page.keep_query,
    ),
    agent_page(
        "new_request",
        "/assistance/demandes/nouvelle",
        None,
        new_request.submit,
        "kind channel account_id address language text",
        whole_texts="text",
        show_form=new_request.show,
        login_target="nouvelle-demande",
    ),
    agent_page(
        "request",
        "/assistance/demandes/{number}",
        show_form=request_pages.show,
        login_target="demande",
    ),
    agent_page(
        "take_request",
        "/assistance/demandes/{number}/prise",
        None,
        request_pages.take,
        "version",
        shown_on="request",
    ),
    agent_page(
        "release_request",
        "/assistance/demandes/{number}/retour",
        None,
        request_pages.release,
        "version",
        shown_on="request",
    ),
    agent_page(
        "answer_request",
        "/assistance/demandes/{number}/reponse",
        None,
        request_pages.answer,
        "version text after ready_answer insert take",
        whole_texts="text",
        shown_on="request",
    ),
    agent_page(
        "ready_answers",
        "/assistance/reponses",
        ready_answers.show_list,
        login_target="reponses",
    ),
    agent_page(
        "ready_answer",
        "/assistance/reponses/{answer}",
        None,
        ready_answers.submit,
        "version title_fr title_en text_fr text_en",
        whole_texts="text_fr text_en",
        show_form=ready_answers.show,
        login_target="reponse",
    ),
)
