"""The pages from the password to the second factor, and of the session itself (AU-06)."""

from functools import partial

from services.gateway.features.sign_in import (
    address_code,
    second_factor,
    session,
    sign_in,
    sign_in_enrolment,
    welcome,
)
from services.gateway.http.routes import JsonQuestion, Page
from services.gateway.sessions.guards import require_password_step, require_session
from shared.i18n.catalogue import N_

step_page = partial(Page, guard=require_password_step)
PAGES = (
    Page("welcome", "/", welcome.show, sitemap=("account", N_("Bienvenue"))),
    Page(
        "sign_in",
        "/connexion",
        sign_in.show,
        sign_in.submit,
        "address password next",
        on_unavailable=sign_in.on_unavailable,
        sitemap=("account", N_("Se connecter")),
    ),
    step_page(
        "sign_in_code",
        "/connexion/code",
        second_factor.show,
        second_factor.submit,
        "code",
        on_unavailable=second_factor.on_unavailable,
    ),
    step_page(
        "sign_in_recovery",
        "/connexion/code-de-secours",
        second_factor.show_recovery,
        second_factor.submit_recovery,
        "recovery_code",
        on_unavailable=second_factor.recovery_unavailable,
    ),
    step_page(
        "sign_in_address",
        "/connexion/adresse",
        address_code.show,
        address_code.submit,
        "code",
        on_unavailable=address_code.on_unavailable,
    ),
    step_page(
        "resend_sign_in_address",
        "/connexion/adresse/renvoi",
        submit=address_code.resend,
        on_unavailable=address_code.on_unavailable,
    ),
    step_page(
        "sign_in_enrolment",
        "/connexion/telephone",
        sign_in_enrolment.show,
        sign_in_enrolment.submit,
        "code",
        on_unavailable=sign_in_enrolment.on_unavailable,
    ),
    step_page(
        "restart_sign_in_enrolment",
        "/connexion/telephone/recommencer",
        submit=sign_in_enrolment.restart,
    ),
    Page(
        "sign_out", "/deconnexion", submit=session.sign_out, guard=require_session, needs_key=False
    ),
    Page("session_state", "/session/etat", session.state, language_target=False, background=True),
    JsonQuestion("extend_session", "/session/prolonger", session.extend, "go"),
)
