"""The pages for a forgotten password, a lost phone, and « Ce n'est pas moi »."""

from __future__ import annotations

from services.gateway.features.recovery import forgotten_password, lost_phone, not_me
from services.gateway.http.routes import Page
from services.gateway.portal.mailed_links import keep_token
from shared.i18n.catalogue import N_

PAGES = (
    Page(
        name="forgotten_password",
        path="/mot-de-passe-oublie",
        show=forgotten_password.show,
        submit=forgotten_password.submit,
        fields="address",
        on_unavailable=forgotten_password.on_unavailable,
        sitemap=("account", N_("Mot de passe oublié")),
    ),
    Page(
        name="reset_password",
        path="/mot-de-passe",
        show=forgotten_password.show_reset,
        submit=forgotten_password.submit_reset,
        fields="token password",
        on_unavailable=forgotten_password.reset_unavailable,
        keep_query=keep_token(),
    ),
    Page(
        name="lost_phone",
        path="/telephone-perdu",
        show=lost_phone.show,
        submit=lost_phone.submit,
        fields="address stolen",
        on_unavailable=lost_phone.on_unavailable,
        sitemap=("account", N_("Téléphone perdu ou changé")),
    ),
    Page(
        name="confirm_lost_phone",
        path="/telephone-perdu/confirmer",
        show=lost_phone.show_confirm,
        submit=lost_phone.confirm,
        fields="token stolen",
        on_unavailable=lost_phone.confirm_unavailable,
        keep_query=keep_token(),
    ),
    Page(
        name="not_me",
        path="/ce-n-est-pas-moi",
        show=not_me.show,
        submit=not_me.submit,
        fields="token",
        on_unavailable=not_me.on_unavailable,
        keep_query=keep_token(not_me.TOKEN),
    ),
)
