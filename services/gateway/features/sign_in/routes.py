"""The pages from the password to the second factor, and of the session itself (AU-06)."""

from functools import partial

from services.gateway.features.sign_in import (
    address_code,
    lost_phone_replacement,
    new_terms,
    second_factor,
    sign_in,
    welcome,
)
from services.gateway.http.routes import Page
from services.gateway.portal import sign_in_code, sign_in_enrolment
from services.gateway.sessions.guards import (
    require_password_step,
    require_signed_in,
)
from shared.i18n.catalogue import N_

step_page = partial(Page, guard=require_password_step)
PAGES = (
    Page("welcome", "/", welcome.show, sitemap=("account", N_("Bienvenue"))),
    Page(
        "sign_in",
        "/connexion",
        None,
        sign_in.submit,
        "address password next to",
        show_form=sign_in.show,
        show_unavailable=sign_in.show_unavailable,
        sitemap=("account", N_("Se connecter")),
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
        "sign_in_recovery",
        "/connexion/code-de-secours",
        None,
        second_factor.submit_recovery,
        "recovery_code",
        show_form=second_factor.show_recovery,
        show_unavailable=second_factor.recovery_unavailable,
    ),
    step_page(
        "sign_in_replacement",
        "/connexion/nouveau-telephone",
        None,
        lost_phone_replacement.submit,
        show_form=lost_phone_replacement.show,
    ),
    step_page(
        "sign_in_address",
        "/connexion/adresse",
        None,
        address_code.submit,
        "code",
        show_form=address_code.show,
    ),
    step_page(
        "resend_sign_in_address",
        "/connexion/adresse/renvoi",
        submit=address_code.resend,
        shown_on="sign_in_address",
    ),
    Page(
        "new_terms",
        "/connexion/conditions",
        None,
        new_terms.submit,
        "accept version sha256",
        show_form=new_terms.show,
        guard=require_signed_in,
        before_terms=True,
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
)
