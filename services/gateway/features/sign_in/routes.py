"""The pages from the password to the second factor, and of the session itself (AU-06)."""

from __future__ import annotations

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

PAGES = (
    Page(name="welcome", path="/", show=welcome.show, sitemap=("account", N_("Bienvenue"))),
    Page(
        name="sign_in",
        path="/connexion",
        show=sign_in.show,
        submit=sign_in.submit,
        fields="address password next",
        on_unavailable=sign_in.on_unavailable,
        sitemap=("account", N_("Se connecter")),
    ),
    Page(
        name="sign_in_code",
        path="/connexion/code",
        show=second_factor.show,
        submit=second_factor.submit,
        fields="code",
        guard=require_password_step,
        on_unavailable=second_factor.on_unavailable,
    ),
    Page(
        name="sign_in_recovery",
        path="/connexion/code-de-secours",
        show=second_factor.show_recovery,
        submit=second_factor.submit_recovery,
        fields="recovery_code",
        guard=require_password_step,
        on_unavailable=second_factor.recovery_unavailable,
    ),
    Page(
        name="sign_in_address",
        path="/connexion/adresse",
        show=address_code.show,
        submit=address_code.submit,
        fields="code",
        guard=require_password_step,
        on_unavailable=address_code.on_unavailable,
    ),
    Page(
        name="resend_sign_in_address",
        path="/connexion/adresse/renvoi",
        submit=address_code.resend,
        guard=require_password_step,
        on_unavailable=address_code.on_unavailable,
    ),
    Page(
        name="sign_in_enrolment",
        path="/connexion/telephone",
        show=sign_in_enrolment.show,
        submit=sign_in_enrolment.submit,
        fields="code",
        guard=require_password_step,
        on_unavailable=sign_in_enrolment.on_unavailable,
    ),
    Page(
        name="restart_sign_in_enrolment",
        path="/connexion/telephone/recommencer",
        submit=sign_in_enrolment.restart,
        guard=require_password_step,
    ),
    Page(
        name="sign_out",
        path="/deconnexion",
        submit=session.sign_out,
        guard=require_session,
        needs_key=False,
    ),
    Page(
        name="session_state",
        path="/session/etat",
        show=session.state,
        language_target=False,
        background=True,
    ),
    JsonQuestion(
        name="extend_session", path="/session/prolonger", answer=session.extend, field="go"
    ),
)
