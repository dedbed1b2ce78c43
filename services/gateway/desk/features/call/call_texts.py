"""Words of the page of a call: states, refusals, errors, what to say on the telephone."""

from shared.contracts.base import Refusal
from shared.contracts.support.lost_phones import CallView
from shared.i18n.catalogue import N_, translate

STATES: dict[str, str] = {
    "asked": N_("demandé, appel à faire"),
    "calling": N_("appel en cours"),
    "matched": N_("mots concordants"),
    "proposed": N_("proposé, une seconde personne vérifie"),
    "planned": N_("approuvé, le délai court"),
    "waiting": N_("attend sans agent"),
    "open": N_("un autre téléphone peut être enrôlé, sans agent"),
    "stopped": N_("arrêté"),
    "expired": N_("proposition expirée"),
    "released": N_("téléphone détaché, second appel à faire"),
    "code_told": N_("code de reprise dit"),
    "to_check": N_("noms différents, à vérifier"),
    "done": N_("fait"),
}
WHY_NO_CALL: dict[str, str] = {
    "state": N_("Aucun appel n'est à faire dans cet état."),
    "not_yours": N_("Prenez d'abord la demande : seul l'agent qui l'a prise appelle."),
    "going_on": N_("Un autre agent appelle en ce moment."),
    "codes": N_("Trois codes de reprise ont été dits : il n'y en a pas d'autre."),
    "failures": N_("Deux appels ont échoué : il n'y en a pas d'autre."),
    "calls_today": N_("Deux appels ont eu lieu aujourd'hui. Le prochain est possible demain."),
    "sensitive": N_(
        "L'adresse, le nom ou le téléphone ont été changés par le secrétariat il y a moins de 30 "
        "jours : aucun téléphone n'est détaché avant."
    ),
    "corrected": N_(
        "L'établissement a été corrigé par le secrétariat il y a moins de 30 jours : appelez le "
        "numéro du dossier."
    ),
    "too_new": N_("Ce numéro est au dossier depuis moins de 30 jours : n'appelez pas ce numéro."),
    "stolen": N_("Le téléphone volé est ce mobile : n'appelez pas ce numéro."),
    "none": N_("Le dossier n'a aucun numéro que l'on puisse appeler."),
    "other_line": N_("Le second appel va au même numéro que le premier."),
    "words": N_("Les mots n'ont pas concordé dans cet appel."),
}
#: Why no call is to be made, by where the lost phone stands.
NO_CALL_IN: dict[str, str] = {
    "proposed": N_("Une seconde personne vérifie. Rien n'est à faire jusque-là."),
    "planned": N_("Le délai court. Le second appel, avec le code de reprise, se fait ensuite."),
    "stopped": N_("Tout est arrêté : rien n'a changé."),
    "to_check": N_("Une seconde personne compare les noms."),
    "done": N_("La personne a retrouvé son compte."),
}
OUTCOMES: dict[str, str] = {
    "": N_("Les mots n'ont pas encore concordé dans cet appel."),
    "matched": N_("Cet appel est terminé : appelez de nouveau."),
    "told": N_("Le code a été dit : cet appel est terminé."),
    "wrong_words": N_("Trois mots refusés : l'appel est terminé. Raccrochez."),
    "time_over": N_("Les 30 minutes de l'appel sont passées. Raccrochez."),
    "stopped": N_("Tout a été arrêté pendant cet appel. Raccrochez."),
    "no_answer": N_("Cet appel est resté sans réponse."),
    "not_requested": N_("Cet appel est terminé : tout est arrêté."),
    "doubt": N_("Cet appel est terminé : tout est arrêté."),
}
WRONG_WORD = N_("Mot refusé. Essais restants : {tries_left}.")
REFUSALS: dict[str, str] = {
    "unavailable": N_("Le dossier ne répond pas : réessayez, ou appelez le standard publié."),
    "code_needed": N_("Saisissez un code de votre application."),
    "own_account": N_("C'est votre propre compte : un autre agent s'en occupe."),
    "stale": N_("Cet acte est déjà proposé pour ce compte."),
    "too_new": N_("Votre compte a moins de 72 heures : un autre agent s'en occupe."),
}
ERRORS: dict[tuple[str, str], str] = {
    ("line", "missing"): N_("Choisissez le numéro que vous appelez."),
    ("dialled", "missing"): N_("Composez vous-même le numéro, puis cochez la case."),
    ("telephone", "missing"): N_("Saisissez le numéro publié que vous avez composé."),
    ("telephone", "format"): N_("Saisissez les chiffres du numéro."),
    ("found_at", "missing"): N_("Dites où ce numéro est publié."),
    ("found_at", "too_long"): N_("200 caractères au plus."),
    ("word", "missing"): N_("Saisissez le mot que la personne lit."),
    ("reason", "missing"): N_("Choisissez une raison : la personne la verra."),
    ("note", "too_long"): N_("500 caractères au plus."),
}
OTHER_ERROR = N_("Corrigez ce champ.")
REASONS: dict[str, str] = {
    "requested_by_person": N_("La personne le demande"),
    "requested_by_establishment": N_("L'établissement, rappelé, le demande"),
}
#: What the agent says, by step.
SCRIPT: dict[str, str] = {
    "number": N_(
        "« Bonjour, secrétariat {service}, demande {number}. L'avez-vous faite ? » Non : arrêtez."
    ),
    "page": N_("« Ouvrez la page de suivi, par le lien de notre message. »"),
    "mine": N_("« Mon mot est {word}. Le lisez-vous ? Sinon, raccrochez. »"),
    "theirs": N_(
        "« Lisez-moi le vôtre sur la page. Quelqu'un vous l'avait-il dit ? » Oui : doute."
    ),
    "next": N_(
        "« Merci. Une autre personne vérifie ; un message dira la date. Ne donnez jamais mot de "
        "passe ni code. »"
    ),
}


def state_text(view: CallView, lang: str) -> str:
    """Where the lost phone stands."""
    return translate(STATES.get(view.state, view.state), lang)


def why_no_call(view: CallView, lang: str) -> str:
    """Why no call can start, or an empty text."""
    if view.may_call == "state" and view.state in NO_CALL_IN:
        return translate(NO_CALL_IN[view.state], lang)
    return translate(WHY_NO_CALL[view.may_call], lang) if view.may_call else ""


def refusal_text(refusal: Refusal, lang: str) -> str | None:
    """A refusal that the agent can act on; None for one that is about their rights."""
    if refusal.slug == "call_refused":
        return translate(WHY_NO_CALL[str(refusal.params["why"])], lang)
    if refusal.slug == "call_over":
        return translate(OUTCOMES[str(refusal.params["outcome"])], lang)
    if refusal.slug == "wrong_word":
        return translate(WRONG_WORD, lang, **refusal.params)
    text = REFUSALS.get(refusal.slug)
    return None if text is None else translate(text, lang)


def error_text(field: str, code: str, lang: str) -> str:
    """The error of a field."""
    return translate(ERRORS.get((field, code), OTHER_ERROR), lang)


def line_text(why: str, lang: str) -> str:
    """Why a number is not called."""
    return translate(WHY_NO_CALL[why], lang) if why else ""


def reasons(lang: str) -> list[tuple[str, str]]:
    """The reasons of an act, the usual one first."""
    return [(name, translate(text, lang)) for name, text in REASONS.items()]
