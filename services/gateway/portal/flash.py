"""The message that a page shows once after a redirect: its look and its words, by code."""

from collections.abc import Mapping
from datetime import datetime

from aiohttp import web

from services.gateway.http.rendering import RENDERER
from services.gateway.http.routes import redirect
from services.gateway.portal import texts
from services.gateway.sessions.request_state import REQUEST_STATE, flash
from shared.contracts.registration.views import RequestView
from shared.i18n.catalogue import N_, translate
from shared.i18n.dates import format_time

SUCCESS: dict[str, str] = {
    "resent": N_("Nouveau message envoyé à {sent}. Seul son code est valable."),
    "corrected": N_("Adresse corrigée : nous envoyons un message à {address}."),
    "cancelled": N_(
        "La création du compte est annulée et votre saisie est effacée. Vous pouvez "
        "recommencer quand vous voulez."
    ),
    "signed_out": N_("Votre session est fermée."),
    "enrolled": N_(
        "Votre compte est protégé : un code de votre téléphone sera demandé à chaque connexion."
    ),
    "phone_changed": N_(
        "Nouveau téléphone enrôlé. Les codes de l'ancien ne sont plus valables et vos autres "
        "sessions sont fermées. Un message vous le confirme."
    ),
    "address_proved": N_("Votre adresse est vérifiée. Étape suivante : enrôler votre téléphone."),
    "resent_address": N_("Un nouveau code vient de partir. Lui seul est valable."),
    "codes_kept": N_("Vous avez confirmé que vos codes de secours sont en lieu sûr."),
    "password_changed": N_(
        "Mot de passe changé. Vos autres sessions sont fermées. Un message vous le confirme."
    ),
    "password_reset": N_(
        "Mot de passe changé. Toutes vos sessions sont fermées. Connectez-vous : votre code "
        "TOTP reste demandé."
    ),
    "address_changed": N_(
        "Adresse changée : c'est désormais votre identifiant. Vos autres sessions sont "
        "fermées. Un message prévient l'ancienne adresse."
    ),
    "address_kept": N_(
        "Changement abandonné : votre adresse reste la même, et le code envoyé n'est plus valable."
    ),
    "recovery_address_added": N_("Adresse de secours vérifiée : elle est prévenue désormais."),
    "recovery_address_removed": N_("Adresse de secours retirée."),
    "session_ended": N_("La session choisie est fermée."),
    "sessions_ended": N_("Vos autres sessions sont fermées : seule celle-ci reste ouverte."),
    "unlocked": N_("La limite est levée : vous pouvez vous connecter, ou refaire votre demande."),
    "draft_saved": N_("Brouillon enregistré à {saved}. Vous devez valider les informations."),
    "draft_closed": N_("Brouillon enregistré. Vous devez valider les informations."),
    "lost_phone_stopped": N_("Tout est arrêté : votre téléphone reste lié à votre compte."),
    "lost_phone_blocked": N_(
        "Tout est arrêté et votre compte est bloqué : ses sessions se ferment. Un message vous "
        "dit comment le rouvrir."
    ),
    "reply_sent": N_("Votre réponse est envoyée au secrétariat."),
    "validated": N_("Informations validées. Elles ne sont plus modifiables directement."),
}
INFO: dict[str, str] = {
    "request_by_link": N_(
        "Ce navigateur ne peut plus annuler cette demande. Ouvrez le lien de notre message, ou "
        "demandez-en un autre ici."
    ),
    "recovery_address_gone": N_("Aucune adresse de secours n'attend de code : saisissez-la ici."),
    "back": N_("Ce que vous avez fait est gardé. Étape suivante : {step}."),
    "verified": N_("Votre adresse est déjà vérifiée."),
    "exists": N_("Votre compte existe déjà : il n'y a plus rien à annuler."),
    "no_request": N_(
        "Ce navigateur n'a pas de demande en cours. Vous avez déjà demandé un compte ? "
        "Connectez-vous : vous reprendrez à l'étape suivante. Sinon, choisissez « Première "
        "connexion - Créer un compte »."
    ),
    "already_enrolled": N_(
        "Un téléphone est déjà lié à votre compte : connectez-vous avec ses codes."
    ),
    "enrolment_gone": N_(
        "Le code QR précédent n'est plus valable. Supprimez de votre application l'entrée "
        "{service} qu'il a ajoutée."
    ),
    "phone_due": N_("Aucun téléphone n'est lié à votre compte : enrôlez-en un pour continuer."),
    "address_wish_gone": N_(
        "Aucun changement d'adresse n'est en cours : il a expiré, a été abandonné, ou votre "
        "mot de passe a changé. Vous pouvez recommencer."
    ),
    "draft_followed": N_(
        "Brouillon enregistré à {saved}. Le n° de Siret a changé : ce que le répertoire Sirene "
        "avait rempli pour l'ancien a été remplacé ou vidé. Vérifiez l'établissement."
    ),
    "siret_followed": N_(
        "Le n° de Siret a changé : ce que le répertoire Sirene avait rempli pour l'ancien a été "
        "remplacé ou vidé. Vérifiez l'établissement."
    ),
    "typed_again": N_(
        "Voici ce que vous aviez saisi avant la fermeture de la session : ce n'est pas encore "
        "enregistré."
    ),
}
WARNING: dict[str, str] = {
    "gone": N_(
        "Cette demande n'existe plus : elle a expiré ou a été annulée. Faites-en une nouvelle."
    ),
    "session_closed": N_(
        "Session fermée par sécurité. Connectez-vous pour revenir à la page demandée."
    ),
    "too_late": N_(
        "Vous avez mis trop longtemps à vous connecter. Par sécurité, saisissez de nouveau "
        "votre adresse et votre mot de passe."
    ),
    "codes_replaced": N_(
        "La liste que vous avez confirmée n'est plus valable : une autre l'a remplacée depuis, "
        "dans une autre fenêtre."
    ),
    "address_taken": N_("Un autre compte a désormais cette adresse : la vôtre reste la même."),
    "session_closed_typed": N_(
        "Session fermée par sécurité. Connectez-vous pour revenir à cette page, saisie comprise."
    ),
    "form_of_other_account": N_(
        "Ce formulaire a été ouvert dans la session d'un autre compte : cet envoi n'a pas été pris "
        "en compte."
    ),
    "information_changed": N_(
        "Ces informations ont changé dans une autre fenêtre. Voici la version enregistrée ; elle "
        "n'est pas encore validée."
    ),
    "already_validated": N_(
        "Informations déjà validées. Ce que vous venez d'envoyer n'a rien changé."
    ),
}
FLASHES: dict[str, tuple[str, str]] = {
    code: (look, text)
    for look, messages in (("success", SUCCESS), ("info", INFO), ("warning", WARNING))
    for code, text in messages.items()
}


def redirect_with_flash(request: web.Request, page: str, code: str) -> web.Response:
    """Go on to another page, which shows a message."""
    flash(request, code)
    return redirect(request, page)


def flash_message(
    request: web.Request,
    code: str,
    variables: Mapping[str, object],
    *,
    messages: Mapping[str, tuple[str, str]] = FLASHES,
) -> tuple[str, str] | None:
    """The look and the text of a message, filled in from the variables of the page."""
    if code not in messages:
        return None
    lang = request[REQUEST_STATE].lang
    kind, text = messages[code]
    values: dict[str, object] = dict(request.app[RENDERER].brand.names(lang))
    view, saved_at = variables.get("view"), variables.get("saved_at")
    if "number" in variables:
        values["number"] = variables["number"]
    if isinstance(view, RequestView):
        values |= {
            "address": view.address,
            "sent": format_time(view.code_sent_at, lang),
            "step": translate(texts.STEPS.get(view.due, ""), lang),
        }
    if isinstance(saved_at, datetime):
        values["saved"] = format_time(saved_at, lang)
    return kind, translate(text, lang, **values)
