"""The pages from the form to the account: what a pre-session reaches."""

from __future__ import annotations

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
from services.gateway.portal.mailed_links import keep_token
from shared.i18n.catalogue import N_

PAGES = (
    Page(
        name="register",
        path="/inscription",
        show=register.show,
        submit=register.submit,
        fields="first_name last_name address password address_choice address_kept",
        on_unavailable=register.on_unavailable,
        sitemap=("account", N_("Première connexion - Créer un compte")),
    ),
    JsonQuestion(
        name="listed_word",
        path="/inscription/mot-courant",
        answer=lookups.listed_word,
        field="password",
    ),
    JsonQuestion(
        name="near_address",
        path="/inscription/adresse-proche",
        answer=lookups.near_address,
        field="address",
    ),
    Page(
        name="validation",
        path="/inscription/validation",
        show=validation.show,
        submit=validation.submit,
        fields="code",
    ),
    Page(name="resend_validation", path="/inscription/validation/renvoi", submit=validation.resend),
    Page(
        name="validation_state",
        path="/inscription/validation/etat",
        show=validation.state,
        language_target=False,
        background=True,
    ),
    Page(
        name="validation_events",
        path="/inscription/validation/suivi",
        show=validation.follow,
        language_target=False,
        background=True,
        head=False,
        stream=True,
    ),
    Page(
        name="correct_address",
        path="/inscription/adresse",
        show=correct_address.show,
        submit=correct_address.submit,
        fields="address password address_choice address_kept",
        on_unavailable=correct_address.on_unavailable,
    ),
    Page(
        name="validation_link",
        path="/inscription/lien",
        show=validation_link.show,
        submit=validation_link.submit,
        fields="token password",
        on_unavailable=validation_link.on_unavailable,
        keep_query=keep_token(),
    ),
    Page(name="address_verified", path="/inscription/adresse-validee", show=terms.address_verified),
    Page(
        name="accept_terms",
        path="/inscription/conditions",
        show=terms.show,
        submit=terms.submit,
        fields="accept version sha256",
    ),
    Page(name="creation", path="/inscription/creation", show=creation.show),
    Page(
        name="creation_state",
        path="/inscription/creation/etat",
        show=creation.state,
        language_target=False,
        background=True,
    ),
    Page(
        name="creation_events",
        path="/inscription/creation/suivi",
        show=creation.follow,
        language_target=False,
        background=True,
        head=False,
        stream=True,
    ),
    Page(
        name="cancel_registration",
        path="/inscription/annuler",
        show=cancel.show,
        submit=cancel.submit,
    ),
)
