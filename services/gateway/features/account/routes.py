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
    ),
    account_page(
        "end_other_sessions",
        "/compte/sessions/fermer-les-autres",
        submit=account.end_others,
        needs_key=False,
    ),
    account_page(
        "close_sessions",
        "/compte/sessions/code",
        account.show_code,
        account.submit_code,
        "session code",
        on_unavailable=account.code_unavailable,
        keep_query=account.keep_session,
    ),
    account_page(
        "change_password",
        "/compte/mot-de-passe",
        password_change.show,
        password_change.submit,
        "current_password password code",
        on_unavailable=password_change.on_unavailable,
        replayed_flash="password_changed",
        login_target="mot-de-passe",
    ),
    account_page(
        "change_phone",
        "/compte/telephone",
        phone_change.show,
        phone_change.submit,
        "password code",
        on_unavailable=phone_change.on_unavailable,
        login_target="telephone",
    ),
    account_page(
        "new_phone",
        "/compte/telephone/nouveau",
        phone_change.show_new,
        phone_change.submit_new,
        "code",
        on_unavailable=phone_change.new_unavailable,
        replayed_flash="phone_changed",
    ),
    account_page("restart_new_phone", "/compte/telephone/recommencer", submit=phone_change.restart),
    account_page(
        "first_recovery_codes",
        "/connexion/codes-de-secours",
        recovery_codes.show_first,
        recovery_codes.confirm_first,
        "kept list",
    ),
    account_page(
        "recovery_codes",
        "/compte/codes-de-secours",
        recovery_codes.show,
        recovery_codes.submit,
        "password code",
        on_unavailable=recovery_codes.on_unavailable,
        login_target="codes-de-secours",
    ),
    account_page(
        "confirm_recovery_codes",
        "/compte/codes-de-secours/gardes",
        submit=recovery_codes.confirm,
        fields="kept list",
    ),
    account_page(
        "change_address",
        "/compte/adresse",
        address_change.show,
        address_change.submit,
        "address password code address_choice address_kept",
        on_unavailable=address_change.on_unavailable,
        login_target="adresse",
        sitemap=("account", N_("Changer d'adresse email")),
    ),
    account_page(
        "confirm_new_address",
        "/compte/adresse/validation",
        address_change.show_code,
        address_change.submit_code,
        "code",
        on_unavailable=address_change.code_unavailable,
        replayed_flash="address_changed",
        login_target="nouvelle-adresse",
    ),
    account_page(
        "resend_new_address",
        "/compte/adresse/validation/renvoi",
        submit=address_change.resend,
        on_unavailable=address_change.code_unavailable,
    ),
    account_page(
        "cancel_address_change",
        "/compte/adresse/abandon",
        submit=address_change.cancel,
        on_unavailable=address_change.code_unavailable,
    ),
)
