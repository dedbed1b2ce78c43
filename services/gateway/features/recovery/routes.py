"""The pages for a forgotten password, a lost phone, and « Ce n'est pas moi »."""

from services.gateway.features.recovery import forgotten_password, lost_phone, not_me, unlocking
from services.gateway.http.routes import Page
from shared.i18n.catalogue import N_

PAGES = (
    Page(
        "forgotten_password",
        "/mot-de-passe-oublie",
        None,
        forgotten_password.submit,
        "address",
        show_form=forgotten_password.show,
        sitemap=("account", N_("Mot de passe oublié")),
    ),
    Page(
        "reset_password",
        "/mot-de-passe",
        None,
        forgotten_password.submit_reset,
        "token password",
        show_form=forgotten_password.show_reset,
        show_unavailable=forgotten_password.reset_unavailable,
        form_query=forgotten_password.LINK.form_query,
        keep_query=forgotten_password.LINK.keep_query,
    ),
    Page(
        "lost_phone",
        "/telephone-perdu",
        None,
        lost_phone.submit,
        "address",
        show_form=lost_phone.show,
        sitemap=("account", N_("Téléphone perdu ou changé")),
    ),
    Page(
        "confirm_lost_phone",
        "/telephone-perdu/confirmer",
        None,
        lost_phone.confirm,
        "token code stolen alone password",
        show_form=lost_phone.show_confirm,
        show_unavailable=lost_phone.confirm_unavailable,
        form_query=lost_phone.LINK.form_query,
        keep_query=lost_phone.LINK.keep_query,
    ),
    Page(
        "unlock",
        "/debloquer",
        None,
        unlocking.submit,
        "token code",
        show_form=unlocking.show,
        show_unavailable=unlocking.show_unavailable,
        form_query=unlocking.LINK.form_query,
        keep_query=unlocking.LINK.keep_query,
    ),
    Page(
        "not_me",
        "/ce-n-est-pas-moi",
        None,
        not_me.submit,
        "token code",
        show_form=not_me.show,
        show_unavailable=not_me.show_unavailable,
        form_query=not_me.LINK.form_query,
        keep_query=not_me.LINK.keep_query,
    ),
)
