"""The pages for a forgotten password, a lost phone, and « Ce n'est pas moi »."""

from services.gateway.features.recovery import forgotten_password, lost_phone, not_me
from services.gateway.http.routes import Page
from shared.i18n.catalogue import N_

PAGES = (
    Page(
        "forgotten_password",
        "/mot-de-passe-oublie",
        forgotten_password.show,
        forgotten_password.submit,
        "address",
        on_unavailable=forgotten_password.on_unavailable,
        sitemap=("account", N_("Mot de passe oublié")),
    ),
    Page(
        "reset_password",
        "/mot-de-passe",
        forgotten_password.show_reset,
        forgotten_password.submit_reset,
        "token password",
        on_unavailable=forgotten_password.reset_unavailable,
        keep_query=forgotten_password.LINK.keep_query,
    ),
    Page(
        "lost_phone",
        "/telephone-perdu",
        lost_phone.show,
        lost_phone.submit,
        "address stolen",
        on_unavailable=lost_phone.on_unavailable,
        sitemap=("account", N_("Téléphone perdu ou changé")),
    ),
    Page(
        "confirm_lost_phone",
        "/telephone-perdu/confirmer",
        lost_phone.show_confirm,
        lost_phone.confirm,
        "token stolen",
        on_unavailable=lost_phone.confirm_unavailable,
        keep_query=lost_phone.LINK.keep_query,
    ),
    Page(
        "not_me",
        "/ce-n-est-pas-moi",
        not_me.show,
        not_me.submit,
        "token",
        on_unavailable=not_me.on_unavailable,
        keep_query=not_me.LINK.keep_query,
    ),
)
