"""Acts, their reasons, states and fields, as agents read them."""

from services.gateway.portal.profile_fields import LABELS
from shared.contracts.support.proposals import UndoableTransfer
from shared.i18n.catalogue import N_, Plural, translate, translate_plural
from shared.i18n.dates import format_date

ACTS: dict[str, str] = {
    "correct_information": N_("Corriger les informations"),
    "change_address": N_("Changer l'adresse"),
    "change_name": N_("Changer le nom"),
    "change_telephone": N_("Changer le numéro de téléphone"),
    "block_account": N_("Bloquer"),
    "unblock_account": N_("Débloquer"),
    "deactivate_account": N_("Désactiver"),
    "reactivate_account": N_("Réactiver"),
    "release_address": N_("Libérer l'adresse"),
    "transfer_dossiers": N_("Transférer les dossiers"),
    "undo_transfer": N_("Défaire un transfert"),
    "end_sessions": N_("Fermer les sessions"),
    "end_all_sessions": N_("Fermer les sessions de tous les comptes"),
    "mark_password_compromised": N_("Mot de passe compromis"),
    "resend_mail": N_("Renvoyer un message"),
    "anonymise": N_("Anonymiser"),
    "remove_lost_phone": N_("Détacher un téléphone perdu"),
    "accept_other_names": N_("Accepter des noms différents"),
    "view_more_accounts": N_("Dépasser la limite du jour"),
    "invite_agent": N_("Inviter un agent"),
    "reinstate_agent": N_("Rétablir un agent"),
    "remove_agent": N_("Retirer un agent"),
    "reset_agent": N_("Réinitialiser un agent"),
    "change_agent_role": N_("Changer le rôle d'un agent"),
    "export_journal": N_("Exporter le journal"),
}
#: Why an act would change nothing: how the account is, or what it lacks.
NO_EFFECT: dict[str, str] = {
    "active": N_("Cet acte n'aurait aucun effet : le compte est ouvert."),
    "no_password": N_("Cet acte n'aurait aucun effet : le compte est ouvert, sans mot de passe."),
    "frozen": N_(
        "Cet acte n'aurait aucun effet : la personne a bloqué le compte et peut le rouvrir."
    ),
    "frozen_by_desk": N_("Cet acte n'aurait aucun effet : le compte est bloqué."),
    "thawing": N_(
        "Cet acte n'aurait aucun effet : le compte se rouvre, son mot de passe est déjà changé."
    ),
    "deactivated": N_("Cet acte n'aurait aucun effet : le compte est désactivé."),
    "address_released": N_(
        "Cet acte n'aurait aucun effet : le compte est désactivé, son adresse est libérée."
    ),
    "no_session": N_("Cet acte n'aurait aucun effet : aucune session n'est ouverte."),
    "no_transfer": N_("Aucun transfert des 30 derniers jours ne reste à défaire."),
}
#: What each act on an agent does.
AGENT_EFFECTS: dict[str, str] = {
    "suspend_agent": N_("Ses sessions se ferment et plus rien ne s'ouvre, tout de suite."),
    "reinstate_agent": N_(
        "L'accès s'ouvre de nouveau, avec le même mot de passe et le même téléphone."
    ),
    "change_agent_role": N_(
        "Ses sessions se ferment ; le nouveau rôle vaut dès la connexion suivante. Ce que cette "
        "personne a proposé ou approuvé, qui n'est pas fait et que ce rôle ne permet pas s'arrête."
    ),
    "reset_agent": N_(
        "Mot de passe et téléphone ne valent plus rien ; un lien valable 24 h part par email pour "
        "en choisir d'autres. Pendant 72 h cette personne n'approuve rien."
    ),
    "remove_agent": N_(
        "L'accès est supprimé, tout de suite et pour de bon ; le journal garde ses actes."
    ),
}
#: What happens, on the page of the second person.
EFFECTS: dict[str, str] = {
    **AGENT_EFFECTS,
    "invite_agent": N_(
        "Un lien part à cette adresse, valable une fois et 48 h. Toute la supervision est prévenue."
    ),
    "remove_lost_phone": N_(
        "Mot de passe, adresse et téléphone ne permettent plus de se connecter, et les sessions se "
        "ferment. L'historique reste : un second appel dit un code de reprise."
    ),
    "accept_other_names": N_(
        "La personne retrouve son compte avec ses informations et ses dossiers. Le nom du compte "
        "reste celui du dossier."
    ),
    "view_more_accounts": N_(
        "Cet agent peut aujourd'hui ouvrir autant de comptes et faire autant de recherches une "
        "fois de plus."
    ),
    "change_address": N_(
        "Le compte change d'adresse. L'ancienne ne permet plus de se connecter ; un nouveau mot de "
        "passe est demandé par la nouvelle."
    ),
    "change_name": N_("Le nom du compte change dans tous les services."),
    "change_telephone": N_("Le numéro de téléphone des informations change."),
    "unblock_account": N_(
        "La personne peut rouvrir le compte : nouveau mot de passe, puis code TOTP."
    ),
    "reactivate_account": N_("Le compte permet de nouveau de se connecter."),
    "release_address": N_(
        "L'adresse quitte ce compte désactivé et peut servir à un autre. L'historique reste."
    ),
    "transfer_dossiers": N_(
        "Tous les dossiers du compte passent à un autre. Le transfert peut être défait pendant "
        "30 jours."
    ),
    "undo_transfer": N_("Les dossiers reviennent au compte d'origine."),
    "end_all_sessions": N_("Toutes les sessions de tous les comptes se ferment."),
    "anonymise": N_(
        "Nom, adresse et téléphone sont effacés partout. Cet acte ne peut pas être défait."
    ),
}
REASONS: dict[str, str] = {
    "requested_by_person": N_("La personne le demande"),
    "requested_by_establishment": N_("L'établissement, rappelé, le demande"),
    "typing_error": N_("Erreur de saisie"),
    "mailbox_out_of_service": N_("Boîte hors service"),
    "departure": N_("Départ"),
    "suspicious_access": N_("Accès suspect"),
    "legal_duty": N_("Obligation légale"),
}
#: Why something is done to the account of an agent, as in support's list.
AGENT_REASONS: dict[str, str] = {
    "new_colleague": N_("Arrivée dans l'équipe"),
    "change_of_duties": N_("Changement de fonctions"),
    "absence": N_("Absence"),
    "departure": N_("Départ"),
    "lost_phone": N_("Téléphone perdu"),
    "suspicious_access": N_("Accès suspect"),
}
#: All that an act may have.
ALL_REASONS: dict[str, str] = {
    **AGENT_REASONS,
    **REASONS,
    "daily_limit": N_("La limite du jour est atteinte"),
}
STATES: dict[str, str] = {
    "proposed": N_("à approuver"),
    "approved": N_("prévu"),
    "done": N_("fait"),
    "refused": N_("refusé"),
    "stopped": N_("arrêté"),
    "expired": N_("expiré"),
    "failed": N_("impossible"),
}
WHY_NOT: dict[str, str] = {
    "forbidden": N_("Vous ne pouvez pas approuver cet acte : votre rôle."),
    "own_act": N_("Vous ne pouvez pas approuver cet acte : c'est le vôtre."),
    "own_account": N_("Vous ne pouvez pas approuver cet acte : il vous concerne."),
    "invited_by_you": N_(
        "Vous ne pouvez pas approuver cet acte : votre invitation vient de cette personne."
    ),
    "you_invited": N_(
        "Vous ne pouvez pas approuver cet acte : cette personne est ici sur votre invitation, et "
        "quelqu'un d'autre peut l'approuver."
    ),
    "same_inviter": N_(
        "Vous ne pouvez pas approuver cet acte : vos deux invitations viennent de la même "
        "personne, et quelqu'un d'autre peut l'approuver."
    ),
    "too_new": N_("Vous ne pouvez pas approuver cet acte : votre compte a moins de 72 h."),
}
FAILURES: dict[str, str] = {
    "unknown_account": N_("Ce compte n'existe pas."),
    "unchanged": N_("C'était déjà le cas : rien n'a changé."),
    "wrong_state": N_("L'état du compte ne le permet pas."),
    "address_taken": N_("Un autre compte a cette adresse."),
    "invalid": N_("La valeur n'est plus acceptée."),
    "changed_since": N_(
        "La valeur a changé depuis la proposition : rien n'a été fait. Relisez le compte, puis "
        "proposez l'acte de nouveau s'il est encore utile."
    ),
    "not_validated": N_("Les informations ne sont pas validées."),
    "cannot_be_undone": N_("Ce transfert ne peut plus être défait."),
    "unknown_mail": N_("Ce compte n'a pas ce message, ou le message est trop ancien."),
    "being_sent": N_("Ce message est encore en cours d'envoi : rien n'est à renvoyer."),
    "secret_gone": N_(
        "Le code ou le lien de ce message n'est plus valable : la personne en demande un autre."
    ),
    "address_changed": N_("Ce message était parti à une adresse qui n'est plus celle du compte."),
}
ENDED_BY: dict[str, str] = {
    "person": N_("la personne, depuis son compte"),
    "link": N_("la personne, par le lien d'un message"),
    "agent": N_("un agent"),
    "sign_in": N_("une connexion complète"),
    "freeze": N_("le blocage du compte"),
    "departure": N_("la fin ou le changement de l'accès d'un agent"),
    "clock": N_("le délai"),
    "owner": N_("le service concerné"),
}
FIELDS: dict[str, str] = {
    **LABELS,
    "new_address": N_("Nouvelle adresse email"),
    "first_day": N_("Du"),
    "last_day": N_("Au"),
    "role": N_("Rôle"),
    "language": N_("Langue du message"),
    "to_account_id": N_("Compte qui reçoit"),
    "confirmed_by": N_("Confirmé par"),
    "transfer_id": N_("Transfert à défaire"),
    "mail_id": N_("Message (identifiant)"),
    "line": N_("Numéro appelé"),
    "line_since": N_("Au dossier depuis"),
    "telephone": N_("Numéro publié"),
    "found_at": N_("Publié où"),
    "matched_at": N_("Mots concordants"),
    "stolen": N_("Téléphone volé"),
    "note": N_("Note"),
    "reason": N_("Raison"),
    "code": N_("Votre code TOTP"),
}
CONFIRMED_BY: dict[str, str] = {
    "leaver": N_("la personne qui part"),
    "establishment": N_("l'établissement, rappelé à son numéro publié"),
}
#: Of the call before a lost phone is removed: which number, and what its request says.
LINES: dict[str, str] = {
    "file": N_("celui du dossier"),
    "switchboard": N_("le standard publié de l'établissement"),
}
LANGUAGES: dict[str, str] = {"fr": "Français", "en": "English"}
YES: dict[str, str] = {"yes": N_("oui")}
HOURS = Plural("{n} h", "{n} h")
MINUTES = Plural("{n} min", "{n} min")


def act_text(act: str, lang: str) -> str:
    """An act, as agents read it."""
    return translate(ACTS.get(act, act), lang)


def words(table: dict[str, str], key: str, lang: str) -> str:
    """The text of a key; the key itself where there is none."""
    return translate(table.get(key, key), lang) if key else ""


def no_effect_text(why: str, lang: str) -> str:
    """Why an act would change nothing; empty where it would."""
    return translate(NO_EFFECT[why], lang) if why else ""


def delay_text(minutes: int, lang: str) -> str:
    """« 72 h », or « 2 min » where it is no whole number of hours."""
    if minutes % 60:
        return translate_plural(MINUTES, minutes, lang)
    return translate_plural(HOURS, minutes // 60, lang)


TRANSFER = N_("{date} : {count} à {to}")
MOVED = Plural("{n} dossier", "{n} dossiers")
NOT_COUNTED = N_("dossiers")


def transfer_text(transfer: UndoableTransfer, lang: str) -> str:
    """A transfer of dossiers: when, how many, to whom, masked."""
    count = transfer.count
    moved = translate(NOT_COUNTED, lang) if count is None else translate_plural(MOVED, count, lang)
    day = format_date(transfer.done_at, lang)
    return translate(
        TRANSFER, lang, date=day, count=moved, to=transfer.to or transfer.to_account_id
    )
