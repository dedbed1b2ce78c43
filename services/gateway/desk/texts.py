"""The messages of the desk: alerts and errors of fields where they differ from the portal's."""

from services.gateway.desk.act_words import NO_EFFECT
from services.gateway.portal.alert_texts import ALERTS
from services.gateway.portal.field_texts import FIELDS
from services.gateway.portal.field_texts import field_text as applicant_field_text
from services.gateway.portal.form_errors import ErrorTexts
from services.gateway.portal.profile_fields import LABELS
from services.gateway.portal.profile_messages import ANY, information_text
from shared.contracts.base import FieldError
from shared.i18n.catalogue import N_, translate

#: The roles, as people read them.
ROLES: dict[str, str] = {
    "agent": N_("Agent"),
    "supervisor": N_("Supervision"),
    "operator": N_("Exploitation"),
    "auditor": N_("Audit"),
}

#: By the slug of a refusal.
OWN_ALERTS: dict[str, str] = {
    "wrong_credentials": N_(
        "Adresse ou mot de passe incorrect. Vérifiez l'adresse et les majuscules."
    ),
    "too_many_tries": N_("Trop d'essais. Réessayez dans {wait}, à {time}."),
    "wrong_password": N_("Ce n'est pas votre mot de passe."),
    "too_many_codes": N_("Trop de codes refusés. Réessayez dans {wait}, à {time}."),
    "totp_wrong_code": N_(
        "Ce n'est pas le bon code. Saisissez le suivant (30 secondes au plus), celui de l'entrée "
        "{service} Assistance."
    ),
    "link_gone": N_("Ce lien n'est plus valable. Demandez-en un autre à la supervision."),
    "forbidden": N_("Acte refusé : votre rôle. Rien n'a changé."),
    "not_found": N_("Acte refusé : cet objet n'existe pas ou n'existe plus. Rien n'a changé."),
    "own_act": N_("Acte refusé : votre propre acte. Rien n'a changé."),
    "own_account": N_("Acte refusé : votre compte. Rien n'a changé."),
    "invited_by_you": N_(
        "Acte refusé : votre invitation vient de cette personne. Rien n'a changé."
    ),
    "you_invited": N_(
        "Acte refusé : cette personne est ici sur votre invitation. Rien n'a changé."
    ),
    "same_inviter": N_(
        "Acte refusé : vos deux invitations viennent de la même personne. Rien n'a changé."
    ),
    "too_new": N_("Acte refusé : compte de moins de 72 h. Rien n'a changé."),
    "last_supervisor": N_(
        "Acte refusé : personne d'autre n'est à la supervision. Rien n'a changé."
    ),
    "too_many_accounts": N_(
        "{allowed} comptes ouverts aujourd'hui : un autre demande l'accord de la supervision."
    ),
    "not_yours": N_("Acte refusé : cette demande n'est pas à vous. Rien n'a changé."),
    "wrong_state": N_("Acte refusé : l'état actuel ne le permet plus. Rien n'a changé."),
    **{f"no_effect_{why}": text for why, text in NO_EFFECT.items()},
    "not_validated": N_(
        "Les informations de ce compte ne sont pas encore validées : rien à corriger."
    ),
    "unchanged": N_("Le compte a déjà ces valeurs : rien n'est à changer."),
    "gone": N_(
        "Acte refusé : plus aucune lettre n'est là, rejouée ou écartée entre-temps. Rien n'a "
        "changé."
    ),
    "busy": N_("Un acte ou une autre lecture tient ces lettres. Réessayez dans un instant."),
    "forged": N_(
        "Acte refusé : le propriétaire de son type n'a pas publié cette lettre. Écartez-la."
    ),
    "mail_gone": N_("Acte refusé : ce message n'est plus là. Rien n'a changé."),
    "mail_not_sendable": N_(
        "Acte refusé : ce message est accepté, abandonné ou déjà en route, ou son code ou son "
        "lien est effacé. Rien n'a changé."
    ),
    "mail_not_droppable": N_(
        "Acte refusé : seul un message différé ou retenu peut être abandonné, et celui-ci ne l'est "
        "plus. Rien n'a changé."
    ),
    "reason_too_long": N_("Saisissez une raison de {max} caractères au plus."),
    "code_needed": N_("Saisissez un code nouveau de votre application."),
    "stale": N_(
        "Cela a changé entre-temps. Votre texte est gardé : relisez, puis envoyez de nouveau."
    ),
}
OWN_FIELDS: dict[tuple[str, str], str] = {
    ("address", "missing"): N_("Saisissez une adresse professionnelle."),
    ("address", "missing_address"): N_(
        "Saisissez l'adresse de la personne, ou l'identifiant de son compte."
    ),
    ("text", "missing_text"): N_("Écrivez ce qui est demandé."),
    ("password", "too_short"): N_("Saisissez au moins {min} caractères."),
    ("password", "too_long"): N_("Saisissez au plus {max} caractères."),
    ("password", "too_simple"): N_(
        "Mot de passe trop facile à deviner : prenez quatre mots sans lien entre eux."
    ),
    ("password", "personal"): N_("Ce mot de passe contient une partie de votre nom ou adresse."),
    ("password", "not_the_link"): N_("Ce mot de passe vient du lien : choisissez-en un autre."),
    ("reason", "missing"): N_("Choisissez une raison."),
    ("kind", "missing"): N_("Choisissez un type."),
    ("channel", "missing"): N_("Choisissez comment la demande est arrivée."),
    ("account_id", "format"): N_("Cet identifiant n'est pas complet : copiez-le de sa page."),
    ("text", "foreign_link"): N_("Retirez ces adresses, qui ne sont pas du portail : {links}"),
    ("text", "placeholder"): N_("Remplacez {left} par ce que la personne doit lire."),
    ("title_fr", "missing"): N_("Écrivez un titre."),
    ("title_fr", "too_long"): N_("Saisissez au plus {max} caractères."),
    ("title_fr", "forbidden_characters"): N_(
        "Retirez les signes qui ne s'affichent pas : réécrivez ce passage au lieu de le coller."
    ),
    ("title_fr", "foreign_link"): N_("Retirez ces adresses, qui ne sont pas du portail : {links}"),
    ("text_fr", "missing"): N_("Écrivez un texte."),
    ("text_fr", "too_long"): N_("Saisissez au plus {max} caractères."),
    ("text_fr", "forbidden_characters"): N_(
        "Retirez les signes qui ne s'affichent pas : réécrivez ce passage au lieu de le coller."
    ),
    ("text_fr", "foreign_link"): N_("Retirez ces adresses, qui ne sont pas du portail : {links}"),
    ("title_en", "missing"): N_("Écrivez un titre."),
    ("title_en", "too_long"): N_("Saisissez au plus {max} caractères."),
    ("title_en", "forbidden_characters"): N_(
        "Retirez les signes qui ne s'affichent pas : réécrivez ce passage au lieu de le coller."
    ),
    ("title_en", "foreign_link"): N_("Retirez ces adresses, qui ne sont pas du portail : {links}"),
    ("text_en", "missing"): N_("Écrivez un texte."),
    ("text_en", "too_long"): N_("Saisissez au plus {max} caractères."),
    ("text_en", "forbidden_characters"): N_(
        "Retirez les signes qui ne s'affichent pas : réécrivez ce passage au lieu de le coller."
    ),
    ("text_en", "foreign_link"): N_("Retirez ces adresses, qui ne sont pas du portail : {links}"),
    ("after", "missing"): N_("Choisissez ce qui vient ensuite."),
    ("what", "missing"): N_("Cochez cette case une fois l'acte lu."),
    ("who", "missing"): N_("Cochez cette case une fois le compte vérifié."),
    ("evidence", "missing"): N_("Cochez cette case une fois les preuves vérifiées."),
    ("since", "missing"): N_("Choisissez depuis quand."),
    ("note", "missing"): N_("Écrivez pourquoi."),
    ("note", "too_long"): N_("Saisissez au plus {max} caractères."),
    ("new_address", "missing"): N_("Saisissez une adresse au format nom@exemple.fr."),
    ("new_address", "format"): N_("Saisissez une adresse au format nom@exemple.fr."),
    ("to_account_id", "missing"): N_("Saisissez l'identifiant du compte qui reçoit."),
    ("to_account_id", "format"): N_("Cet identifiant n'est pas complet : copiez-le de sa page."),
    ("to_account_id", "unchanged"): N_("C'est le même compte."),
    ("confirmed_by", "missing"): N_("Choisissez qui a confirmé le transfert."),
    ("transfer_id", "missing"): N_("Choisissez le transfert à défaire."),
    ("transfer_id", "format"): N_("Choisissez le transfert à défaire."),
    ("mail_id", "missing"): N_("Saisissez l'identifiant du message."),
    ("mail_id", "format"): N_("Cet identifiant n'est pas complet : copiez-le de sa page."),
    ("position", "unchanged"): N_("Rien n'est corrigé : changez au moins un champ."),
    ("request_number", "unknown"): N_(
        "Saisissez le numéro d'une demande de ce compte, ou laissez ce champ vide."
    ),
    ("code", "missing"): N_("Saisissez les 6 chiffres du code."),
    ("first_day", "missing"): N_("Choisissez le premier jour."),
    ("first_day", "format"): N_("Saisissez un jour, par exemple 2026-01-15."),
    ("last_day", "missing"): N_("Choisissez le dernier jour."),
    ("last_day", "format"): N_("Saisissez un jour, par exemple 2026-01-15."),
    ("last_day", "before_first"): N_("Le dernier jour précède le premier."),
    ("last_day", "too_long"): N_("Choisissez {max} jours au plus."),
    ("address", "domain"): N_("Une adresse de ces domaines est attendue : {domains}."),
    ("address", "taken"): N_("Cette adresse est déjà celle d'une personne de l'équipe."),
    ("role", "missing"): N_("Choisissez un rôle."),
    ("language", "missing"): N_("Choisissez une langue."),
}


def field_text(error: FieldError, lang: str) -> str:
    """The message of a field's error."""
    key = (error.field, error.code)
    text = OWN_FIELDS.get(key)
    if text is None and key not in FIELDS and (error.field in LABELS or error.code in ANY):
        return information_text(error, lang)
    if text is None:
        return applicant_field_text(error, lang)
    return translate(text, lang, **error.params)


AGENT_TEXTS = ErrorTexts({**ALERTS, **OWN_ALERTS}, field_text)


def role_text(role: str, lang: str) -> str:
    """A role, as people read it."""
    return translate(ROLES.get(role, role), lang)
