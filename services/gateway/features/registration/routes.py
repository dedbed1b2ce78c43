"""The pages from the form to the account: what a pre-session reaches."""

from services.gateway.features.registration import (
    cancel,
    correct_address,
    creation,
    lookups,
    register,
    terms,
    validation,
    validation_link,
)
from services.gateway.http.routes import JsonQuestion, Page
from shared.i18n.catalogue import N_

PAGES = (
    Page(
        "register",
        "/inscription",
        register.show,
        register.submit,
        "first_name last_name address password address_choice address_kept",
        on_unavailable=register.on_unavailable,
        sitemap=("account", N_("Première connexion - Créer un compte")),
    ),
    JsonQuestion("listed_word", "/inscription/mot-courant", lookups.listed_word, "password"),
    JsonQuestion("near_address", "/inscription/adresse-proche", lookups.near_address, "address"),
    Page("validation", "/inscription/validation", validation.show, validation.submit, "code"),
    Page("resend_validation", "/inscription/validation/renvoi", submit=validation.resend),
    Page(
        "validation_state",
        "/inscription/validation/etat",
        validation.state,
        language_target=False,
        background=True,
    ),
    Page(
        "validation_events",
        "/inscription/validation/suivi",
        validation.follow,
        language_target=False,
        background=True,
        head=False,
        stream=True,
    ),
    Page(
        "correct_address",
        "/inscription/adresse",
        correct_address.show,
        correct_address.submit,
        "address password address_choice address_kept",
        on_unavailable=correct_address.on_unavailable,
    ),
    Page(
        "validation_link",
        "/inscription/lien",
        validation_link.show,
        validation_link.submit,
        "token password",
        on_unavailable=validation_link.on_unavailable,
        keep_query=validation_link.LINK.keep_query,
    ),
    Page("address_verified", "/inscription/adresse-validee", terms.address_verified),
    Page(
        "accept_terms", "/inscription/conditions", terms.show, terms.submit, "accept version sha256"
    ),
    Page("creation", "/inscription/creation", creation.show),
    Page(
        "creation_state",
        "/inscription/creation/etat",
        creation.state,
        language_target=False,
        background=True,
    ),
    Page(
        "creation_events",
        "/inscription/creation/suivi",
        creation.follow,
        language_target=False,
        background=True,
        head=False,
        stream=True,
    ),
    Page("cancel_registration", "/inscription/annuler", cancel.show, cancel.submit),
)
