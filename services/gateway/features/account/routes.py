"""The account and what protects it: sessions, password, phone, recovery codes, address (B-14)."""

from functools import partial

from services.gateway.features.account import (
    account,
    address_change,
    password_change,
    phone_change,
    recovery_codes,
)
from services.gateway.http.routes import Page
from services.gateway.sessions.guards import require_signed_in
from shared.i18n.catalogue import N_

account_page = partial(Page, guard=require_signed_in)
PAGES = (
    account_page(
        "account",
        "/compte",
        account.show,
        login_target="compte",
        sitemap=("account", N_("Mon compte")),
    ),
    account_page(
        "end_session",
        "/compte/sessions/fermer",
        submit=account.end_one,
        fields="session",
        needs_key=False,
        shown_on="account",
    ),
    account_page(
        "end_other_sessions",
        "/compte/sessions/fermer-les-autres",
        submit=account.end_others,
        needs_key=False,
        shown_on="account",
    ),
    account_page(
        "close_sessions",
        "/compte/sessions/code",
        None,
        account.submit_code,
        "session code",
        show_form=account.show_code,
        show_unavailable=account.code_unavailable,
        form_query=account.code_query,
        keep_query=account.keep_session,
    ),
    account_page(
        "change_password",
        "/compte/mot-de-passe",
        None,
        password_change.submit,
        "current_password password code",
        show_form=password_change.show,
        replayed_flash="password_changed",
        login_target="mot-de-passe",
    ),
    account_page(
        "change_phone",
        "/compte/telephone",
        None,
        phone_change.submit,
        "password code",
        show_form=phone_change.show,
        login_target="telephone",
    ),
    account_page(
        "new_phone",
        "/compte/telephone/nouveau",
        None,
        phone_change.submit_new,
        "code",
        show_form=phone_change.show_new,
        replayed_flash="phone_changed",
    ),
    account_page(
        "restart_new_phone",
        "/compte/telephone/recommencer",
        submit=phone_change.restart,
        shown_on="new_phone",
    ),
    account_page(
        "first_recovery_codes",
        "/connexion/codes-de-secours",
        None,
        recovery_codes.submit_first,
        "kept list",
        show_form=recovery_codes.show_first,
        before_terms=True,
    ),
    account_page(
        "recovery_codes",
        "/compte/codes-de-secours",
        None,
        recovery_codes.submit,
        "password code",
        show_form=recovery_codes.show,
        show_unavailable=recovery_codes.show_unavailable,
        login_target="codes-de-secours",
    ),
    account_page(
        "confirm_recovery_codes",
        "/compte/codes-de-secours/gardes",
        submit=recovery_codes.confirm,
        fields="kept list",
        shown_on="recovery_codes",
    ),
    account_page(
        "change_address",
        "/compte/adresse",
        None,
        address_change.submit,
        "address password code address_choice address_kept address_question",
        show_form=address_change.show,
        show_unavailable=address_change.show_unavailable,
        login_target="adresse",
        sitemap=("account", N_("Changer d'adresse email")),
    ),
    account_page(
        "confirm_new_address",
        "/compte/adresse/validation",
        None,
        address_change.submit_code,
        "code",
        show_form=address_change.show_code,
        replayed_flash="address_changed",
        login_target="nouvelle-adresse",
    ),
    account_page(
        "resend_new_address",
        "/compte/adresse/validation/renvoi",
        submit=address_change.resend,
        shown_on="confirm_new_address",
    ),
    account_page(
        "cancel_address_change",
        "/compte/adresse/abandon",
        submit=address_change.cancel,
        shown_on="confirm_new_address",
    ),
)
