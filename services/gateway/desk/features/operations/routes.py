"""The pages of operators."""

from functools import partial

from services.gateway.desk.features.operations import letters_page, mails_page, queues_page
from services.gateway.desk.features.operations.unavailable import unavailable
from services.gateway.desk.support import agent_of
from services.gateway.http.routes import Page

operator_page = partial(Page, guard=agent_of, unavailable=unavailable)
script_page = partial(operator_page, language_target=False, background=True)
stream_page = partial(script_page, head=False, stream=True)
PAGES = (
    operator_page(
        "operations",
        "/exploitation",
        queues_page.show,
        login_target="exploitation",
        keep_query=queues_page.keep_query,
    ),
    script_page("operations_state", "/exploitation/etat", queues_page.state),
    stream_page("operations_live", "/exploitation/suivi", queues_page.follow),
    operator_page(
        "dead_letters",
        "/exploitation/lettres",
        letters_page.show_letters,
        login_target="lettres",
        keep_query=letters_page.keep_query,
    ),
    script_page("dead_letters_state", "/exploitation/lettres/etat", letters_page.letters_state),
    stream_page("dead_letters_live", "/exploitation/lettres/suivi", letters_page.follow_letters),
    operator_page(
        "dead_letter",
        "/exploitation/lettres/{service}/{fault}",
        letters_page.show_letter,
        login_target="lettre",
        keep_query=letters_page.keep_query,
    ),
    operator_page(
        "letter_act",
        "/exploitation/lettres/{service}/{fault}/{act}",
        None,
        letters_page.submit_act,
        "letter note code",
        show_form=letters_page.show_act,
        form_query=letters_page.letter_query,
        login_target="acte-lettre",
        keep_query=letters_page.keep_query,
    ),
    operator_page(
        "operator_mails",
        "/exploitation/messages",
        mails_page.show_mails,
        login_target="messages",
        keep_query=mails_page.keep_query,
    ),
    script_page("operator_mails_state", "/exploitation/messages/etat", mails_page.mails_state),
    stream_page("operator_mails_live", "/exploitation/messages/suivi", mails_page.follow_mails),
    operator_page(
        "operator_mails_search",
        "/exploitation/messages/recherche",
        None,
        mails_page.search,
        "address",
        needs_key=False,
        language_target=False,
    ),
    operator_page(
        "operator_mails_send",
        "/exploitation/messages/renvoi",
        None,
        mails_page.send_all,
        "since code",
        show_form=mails_page.show_send_all,
        login_target="renvoi-messages",
    ),
    operator_page(
        "operator_mail_drop",
        "/exploitation/messages/{mail}/abandon",
        None,
        mails_page.drop_one,
        "note",
        show_form=mails_page.show_drop,
        login_target="abandon-message",
    ),
    operator_page(
        "operator_mail",
        "/exploitation/messages/{mail}",
        None,
        mails_page.send_one,
        show_form=mails_page.show_mail,
        login_target="message",
    ),
)
