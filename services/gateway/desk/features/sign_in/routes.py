"""The pages from the mailed link or the password to the second factor (AU-06)."""

from functools import partial

from services.gateway.desk.features.sign_in import invitation, sign_in
from services.gateway.http.routes import Page
from services.gateway.portal import sign_in_code, sign_in_enrolment
from services.gateway.sessions.guards import require_password_step

step_page = partial(Page, guard=require_password_step)
PAGES = (
    Page("welcome", "/", sign_in.welcome),
    Page(
        "sign_in",
        "/connexion",
        None,
        sign_in.submit,
        "address password next",
        show_form=sign_in.show,
        show_unavailable=sign_in.show,
    ),
    step_page(
        "sign_in_code",
        "/connexion/code",
        None,
        sign_in_code.submit,
        "code",
        show_form=sign_in_code.show,
        show_unavailable=sign_in_code.show_unavailable,
    ),
    step_page(
        "sign_in_enrolment",
        "/connexion/telephone",
        None,
        sign_in_enrolment.submit,
        "code",
        show_form=sign_in_enrolment.show,
    ),
    step_page(
        "restart_sign_in_enrolment",
        "/connexion/telephone/recommencer",
        submit=sign_in_enrolment.restart,
        shown_on="sign_in_enrolment",
    ),
    Page(
        "invitation",
        "/invitation",
        None,
        invitation.submit,
        "token first_name last_name password",
        show_form=invitation.show,
        form_query=invitation.LINK.form_query,
        keep_query=invitation.LINK.keep_query,
    ),
)
