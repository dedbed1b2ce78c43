"""The journal in words: one sentence for every event, who did it and why, what it says besides.

The desk's story of an account and the person's own activity read the same sentences.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from services.gateway.portal.dossier_texts import status_text
from services.gateway.portal.profile_form import group_siret
from shared.contracts.support.journal import EntryView
from shared.i18n.catalogue import N_, translate
from shared.i18n.dates import format_datetime, format_day

#: What happened, by the type of the entry. A `{name}` is filled by a fact of that name, in words.
EVENTS: Mapping[str, str] = {
    "registration.AccountRequested.v1": N_("Création d'un compte demandée"),
    "registration.ValidationResent.v1": N_("Nouveau message pour vérifier l'adresse"),
    "registration.EmailVerified.v1": N_("Adresse vérifiée"),
    "registration.AccountCreated.v1": N_("Compte créé, conditions acceptées"),
    "registration.AccountImported.v1": N_("Compte repris d'un fichier de l'agence"),
    "registration.RequestCancelled.v1": N_("Création du compte annulée"),
    "registration.RequestExpired.v1": N_("Demande de compte expirée"),
    "registration.KnownAddressRequested.v1": N_(
        "Création d'un compte demandée avec l'adresse de ce compte"
    ),
    "registration.PasswordAccepted.v1": N_("Mot de passe exact"),
    "registration.PasswordRefused.v1": N_("Mot de passe refusé"),
    "registration.SignInLocked.v1": N_(
        "Trop de mots de passe refusés : plus d'essai avant le {locked_until}"
    ),
    "registration.UnlockOffered.v1": N_("Lien envoyé pour lever une limite"),
    "registration.PasswordResetRequested.v1": N_("Mot de passe oublié : lien envoyé"),
    "registration.UnknownAddressAsked.v1": N_(
        "Demande refusée : pas de compte utilisable avec cette adresse"
    ),
    "registration.PasswordChanged.v1": N_("Mot de passe changé"),
    "registration.AddressProofRequested.v1": N_("Code envoyé pour vérifier l'adresse"),
    "registration.AddressProofRenewed.v1": N_("Adresse vérifiée de nouveau"),
    "registration.LostPhoneClaimed.v1": N_("Téléphone signalé perdu : lien envoyé"),
    "registration.LostPhoneReported.v1": N_("Perte du téléphone confirmée"),
    "registration.AccountFrozen.v1": N_("Compte bloqué"),
    "registration.AccountThawed.v1": N_("Compte débloqué"),
    "registration.DormantAccountWarned.v1": N_(
        "Sans connexion depuis longtemps : désactivation annoncée pour le {deactivation_at}"
    ),
    "registration.AccountDeactivated.v1": N_("Compte désactivé"),
    "registration.AccountReactivated.v1": N_("Compte réactivé"),
    "registration.CredentialsRemoved.v1": N_("Adresse, mot de passe et téléphone retirés"),
    "registration.NameChanged.v1": N_("Nom changé"),
    "registration.AddressChangeRequested.v1": N_("Changement d'adresse demandé"),
    "registration.AddressChanged.v1": N_("Adresse changée"),
    "registration.RecoveryAddressRequested.v1": N_("Adresse de secours demandée : code envoyé"),
    "registration.RecoveryAddressChanged.v1": N_("Adresse de secours changée"),
    "registration.AccountUnfreezeAllowed.v1": N_("Déblocage permis par le secrétariat"),
    "registration.PasswordResetRequired.v1": N_("Nouveau mot de passe exigé"),
    "registration.AddressReleased.v1": N_("Adresse libérée"),
    "registration.AccountAnonymised.v1": N_("Nom, adresse et mot de passe effacés"),
    "registration.AccountResumed.v1": N_("Compte retrouvé avec un code de reprise"),
    "registration.ResumptionHeld.v1": N_(
        "Code de reprise exact, noms différents : le secrétariat compare"
    ),
    "registration.ResumptionCodeRefused.v1": N_("Code de reprise refusé"),
    "registration.ActNotCarriedOut.v1": N_("Acte impossible pour le compte"),
    "mfa.AuthenticatorEnrolled.v1": N_("Téléphone enrôlé"),
    "mfa.AuthenticatorReplaced.v1": N_("Téléphone remplacé"),
    "mfa.AuthenticatorRemoved.v1": N_("Téléphone retiré"),
    "mfa.RecoveryCodeUsed.v1": N_("Code de secours utilisé"),
    "mfa.RecoveryCodesReplaced.v1": N_("Codes de secours remplacés"),
    "mfa.CodeRefused.v1": N_("Code refusé après le bon mot de passe"),
    "mfa.CodeCheckLocked.v1": N_("Trop de codes refusés : plus d'essai avant le {locked_until}"),
    "profile.ProfileSaved.v1": N_("Informations complémentaires enregistrées"),
    "profile.AccountValidated.v1": N_("Informations complémentaires validées"),
    "profile.EstablishmentCheckDeferred.v1": N_(
        "Répertoire Sirene indisponible : établissement à vérifier plus tard"
    ),
    "profile.EstablishmentChecked.v1": N_("Établissement vérifié au répertoire Sirene"),
    "profile.DraftExpired.v1": N_("Informations non validées effacées"),
    "profile.InformationCorrected.v1": N_("Informations corrigées par le secrétariat"),
    "profile.ActNotCarriedOut.v1": N_("Correction impossible"),
    "gateway.SessionOpened.v1": N_("Connexion"),
    "gateway.SessionClosed.v1": N_("Session fermée"),
    "gateway.SessionsEndedByDesk.v1": N_("Sessions fermées par le secrétariat"),
    "gateway.CorrectionRequested.v1": N_("Correction demandée au secrétariat"),
    "gateway.DepartureReported.v1": N_("Départ de l'établissement signalé"),
    "gateway.MessageWritten.v1": N_("Message écrit au secrétariat"),
    "gateway.MailboxReported.v1": N_("Messagerie signalée hors service"),
    "support.RequestReceived.v1": N_("Demande au secrétariat reçue"),
    "support.RequestDelayed.v1": N_("Demande au secrétariat : nouvelle date annoncée"),
    "support.RequestAnswered.v1": N_("Réponse du secrétariat à une demande"),
    "support.RequestReminded.v1": N_("Demande au secrétariat : rappel envoyé"),
    "support.RequestReplied.v1": N_("Demande au secrétariat : réponse de la personne"),
    "support.RequestClosed.v1": N_("Demande au secrétariat close"),
    "support.RequestTaken.v1": N_("Demande prise par un agent"),
    "support.RequestReleased.v1": N_("Demande rendue par un agent"),
    "support.RequestMoved.v1": N_("Demande : acte proposé, prévu ou arrêté"),
    "support.FollowUpLinkRequested.v1": N_("Demande au secrétariat : lien de suivi envoyé"),
    "support.ReadyAnswerChanged.v1": N_("Réponse toute faite modifiée : {name}"),
    "mailer.MailAccepted.v1": N_("Message remis au serveur de messagerie : {template}"),
    "mailer.MailDeferred.v1": N_("Message remis à plus tard : {template}"),
    "mailer.MailRefused.v1": N_("Message non remis : {template}"),
    "mailer.ActNotCarriedOut.v1": N_("Message impossible à renvoyer"),
    "backoffice.DossierSaved.v1": N_("Dossier enregistré"),
    "backoffice.DossierFiled.v1": N_("Dossier déposé"),
    "backoffice.DossierStatusChanged.v1": N_("Dossier : nouveau statut"),
    "backoffice.DossierDecided.v1": N_("Dossier : décision"),
    "backoffice.DossierWithdrawn.v1": N_("Dossier retiré"),
    "dossiers.DossiersTransferred.v1": N_("Dossiers transférés : {count}"),
    "dossiers.DossierTransferUndone.v1": N_("Transfert défait, dossiers rendus : {count}"),
    "dossiers.ActNotCarriedOut.v1": N_("Transfert impossible à défaire"),
    "support.CallStarted.v1": N_("Appel commencé"),
    "support.CallEnded.v1": N_("Appel terminé"),
    "support.ResumptionCodeTold.v1": N_("Code de reprise dit au téléphone"),
    "support.ResumptionCodeVoided.v1": N_("Code de reprise annulé"),
    "support.LostPhoneStopped.v1": N_("Téléphone perdu : tout est arrêté"),
    "support.PhoneReplacementPlanned.v1": N_(
        "Téléphone perdu, sans le secrétariat : un autre possible à partir du {due_at}"
    ),
    "support.PhoneReplacementOpened.v1": N_(
        "Téléphone perdu : un autre peut être enrôlé jusqu'au {open_until}"
    ),
    "support.PhoneRemovalPlanned.v1": N_("Téléphone perdu : la date est fixée"),
    "support.LostPhoneReleased.v1": N_("Téléphone perdu : le téléphone est détaché"),
    "support.OtherNamesAccepted.v1": N_("Autres noms acceptés"),
    "desk.AgentSessionClosed.v1": N_("Session d'un agent fermée"),
    "support.AgentInvited.v1": N_("Lien envoyé à un agent"),
    "support.AgentAccepted.v1": N_("Nouvel agent annoncé par message"),
    "support.JournalExportReady.v1": N_("Export du journal accordé"),
    "support.AgentJoined.v1": N_("Agent inscrit"),
    "support.AgentSessionsEnded.v1": N_("Sessions d'un agent fermées"),
    "support.AgentCredentialsRemoved.v1": N_("Mot de passe et téléphone d'un agent retirés"),
    "support.AgentEndAnnounced.v1": N_("Fin d'un accès annoncée à la supervision"),
    "support.AgentReinstated.v1": N_("Agent rétabli"),
    "support.AgentSignedIn.v1": N_("Connexion d'un agent"),
    "support.AgentSignInRefused.v1": N_("Connexion d'un agent refusée"),
    "support.ActProposed.v1": N_("Acte proposé : {act}"),
    "support.ActApproved.v1": N_("Acte approuvé : {act}"),
    "support.ActRefused.v1": N_("Acte refusé : {act}"),
    "support.ActStopped.v1": N_("Acte arrêté : {act}"),
    "support.ActExpired.v1": N_("Acte non approuvé à temps : {act}"),
    "support.ActDone.v1": N_("Acte fait : {act}"),
    "support.ActForbidden.v1": N_("Acte tenté sans en avoir le droit : {act}"),
    "support.ApprovalRequested.v1": N_("Approbation demandée par message : {act}"),
    "support.ActStopAnnounced.v1": N_("Arrêt annoncé par message : {act}"),
    "support.SingleAgentActAnnounced.v1": N_("Acte d'un seul agent annoncé par message : {act}"),
    "support.ChangePlanned.v1": N_("Changement prévu le {due_at} : {act}"),
    "support.ChangeStopped.v1": N_("Changement arrêté : {act}"),
    "support.AccountDeactivationOrdered.v1": N_("Désactivation ordonnée"),
    "support.AccountReactivationOrdered.v1": N_("Réactivation ordonnée"),
    "support.AccountFreezeOrdered.v1": N_("Blocage ordonné"),
    "support.AccountUnfreezeOrdered.v1": N_("Déblocage ordonné"),
    "support.AddressReleaseOrdered.v1": N_("Libération de l'adresse ordonnée"),
    "support.AddressChangeOrdered.v1": N_("Changement d'adresse ordonné"),
    "support.NameChangeOrdered.v1": N_("Changement de nom ordonné"),
    "support.PasswordMarkedCompromised.v1": N_("Mot de passe déclaré compromis"),
    "support.CredentialsRemovalOrdered.v1": N_(
        "Retrait de l'adresse, du mot de passe et du téléphone ordonné"
    ),
    "support.AnonymisationOrdered.v1": N_("Anonymisation ordonnée"),
    "support.InformationCorrectionOrdered.v1": N_("Correction des informations ordonnée"),
    "support.DossierTransferOrdered.v1": N_("Transfert des dossiers ordonné"),
    "support.DossierTransferUndoOrdered.v1": N_("Annulation du transfert ordonnée"),
    "support.SessionsEndOrdered.v1": N_("Fermeture des sessions ordonnée"),
    "support.MailResendOrdered.v1": N_("Nouvel envoi d'un message ordonné"),
    "support.AccountOpened": N_("Compte consulté"),
    "support.FieldsShown": N_("Compte consulté pour une autre raison"),
    "support.SearchMade": N_("Recherche de comptes"),
    "support.LimitReached": N_("Limite du jour atteinte : {kind}"),
    "support.ActRefused": N_("Acte refusé par les règles : {act}"),
    "support.LookDeferred": N_("Consultation à montrer plus tard à la personne"),
    "support.JournalRead": N_("Journal consulté, du {from} au {to}"),
    "support.JournalExported": N_("Export du journal téléchargé, du {from} au {to}"),
    "support.JournalPurged": N_("Entrées de plus d'un an effacées : {deleted}"),
    "support.JournalVerified": N_("Chaîne du journal vérifiée, nombre de maillons : {links}"),
    "support.DeadLetterRevealed": N_("Contenu d'une lettre morte lu : {event}"),
    "support.DeadLettersDiscarded": N_("Lettres mortes écartées : {count}"),
    "support.DeadLettersDiscardOrdered.v1": N_("Lettres mortes écartées : {count}"),
    "support.MailDropped": N_("Message abandonné par l'exploitation"),
    "support.MailDropOrdered.v1": N_("Message abandonné par l'exploitation"),
    "support.MailSendOrdered.v1": N_("Messages renvoyés par l'exploitation"),
    "support.DeadLettersReplayOrdered.v1": N_("Lettres mortes rejouées : {count}"),
}

#: What an entry says besides, in this order, by field.
FIELDS: Mapping[str, str] = {
    "address": N_("Adresse"),
    "former_address": N_("Ancienne adresse"),
    "new_address": N_("Nouvelle adresse"),
    "first_name": N_("Prénom"),
    "last_name": N_("Nom"),
    "company_name": N_("Établissement"),
    "city": N_("Ville"),
    "siret": N_("Siret"),
    "number": N_("Numéro"),
    "tries_left": N_("Essais restants"),
    "status": N_("Statut"),
    "device": N_("Appareil"),
    "network": N_("Réseau"),
    "failures": N_("Essais refusés avant"),
    "left": N_("Codes restants"),
    "findings": N_("Anomalies"),
    "found": N_("Comptes trouvés"),
    "proposed_by": N_("Proposé par"),
    "approved_by": N_("Accordé par"),
}

#: Facts in words: who did it (`by`), and what `about`, `kind`, `state` and the like mean.
VALUES: Mapping[str, str] = {
    "holder": N_("titulaire du compte"),
    "person": N_("titulaire du compte"),
    "colleague": N_("un collègue, sans vérification"),
    "reset": N_("par le lien « Mot de passe oublié »"),
    "code": N_("par le code envoyé"),
    "link": N_("par le lien envoyé"),
    "desk": N_("secrétariat"),
    "inactivity": N_("sans connexion depuis longtemps"),
    "lost_phone": N_("téléphone perdu"),
    "phone": N_("avec un code de l'ancien téléphone"),
    "recovery": N_("avec un code de secours"),
    "agent": N_("un agent"),
    "sign_in": N_("par une connexion complète"),
    "freeze": N_("compte bloqué"),
    "departure": N_("fin ou changement de l'accès d'un agent"),
    "calls": N_("après deux appels sans résultat"),
    "owner": N_("secrétariat"),
    "changed": N_("mot de passe ou informations changés"),
    "closed": N_("compte désactivé"),
    "replaced": N_("téléphone remplacé autrement"),
    "setting": N_("n'est plus proposé"),
    "clock": N_("délai dépassé"),
    "accounts": N_("comptes ouverts"),
    "searches": N_("recherches"),
    "delay": N_("après le délai d'un téléphone perdu"),
}

#: Why, by the slug of a reason.
REASONS: Mapping[str, str] = {
    "done_as_asked": N_("fait comme demandé"),
    "answered": N_("réponse donnée"),
    "nothing_to_change": N_("rien à changer"),
    "not_verified": N_("demande non vérifiée"),
    "not_possible": N_("impossible"),
    "not_ours": N_("ne dépend pas du secrétariat"),
    "by_person": N_("annulée par la personne"),
    "no_reply": N_("pas de réponse"),
    "act_stopped": N_("arrêté"),
    "requested_by_person": N_("la personne le demande"),
    "requested_by_establishment": N_("l'établissement, rappelé, le demande"),
    "typing_error": N_("erreur de saisie"),
    "mailbox_out_of_service": N_("boîte hors service"),
    "departure": N_("départ"),
    "suspicious_access": N_("accès suspect"),
    "legal_duty": N_("obligation légale"),
    "daily_limit": N_("limite du jour atteinte"),
    "lost_phone": N_("téléphone perdu"),
    "correction": N_("correction demandée"),
    "mail_not_received": N_("message non reçu"),
    "question": N_("question de la personne"),
    "account_security": N_("sécurité du compte"),
    "data_rights": N_("droits sur les données"),
    "audit": N_("contrôle"),
    "signed_out": N_("déconnexion"),
    "closed_by_holder": N_("fermée par le titulaire"),
    "expired": N_("délai dépassé"),
    "too_many": N_("trop de sessions ouvertes"),
    "password_changed": N_("mot de passe changé"),
    "address_changed": N_("adresse changée"),
    "phone_replaced": N_("téléphone remplacé"),
    "phone_removed": N_("téléphone retiré"),
    "account_frozen": N_("compte bloqué"),
    "account_deactivated": N_("compte désactivé"),
    "credentials_removed": N_("identifiants retirés"),
    "unknown_mailbox": N_("boîte inconnue"),
    "mailbox_full": N_("boîte pleine"),
    "refused": N_("refusé par le serveur"),
    "unreachable": N_("serveur injoignable"),
    "in_doubt": N_("remise non confirmée"),
    "unknown_account": N_("compte inconnu"),
    "unchanged": N_("rien à changer"),
    "wrong_state": N_("état du compte"),
    "address_taken": N_("adresse déjà prise"),
    "invalid": N_("valeur non acceptée"),
    "changed_since": N_("valeur changée depuis la proposition"),
    "not_validated": N_("informations non validées"),
    "cannot_be_undone": N_("trop tard ou déjà défait"),
    "suspended": N_("agent suspendu"),
    "removed": N_("agent retiré"),
    "reset": N_("nouvel enrôlement"),
    "role_changed": N_("rôle changé"),
}

#: Reasons that name the person, where the person reads them.
TO_HOLDER: Mapping[str, str] = {
    "by_person": N_("annulée par vous"),
    "requested_by_person": N_("à votre demande"),
    "question": N_("votre question"),
}

ROLES: Mapping[str, str] = {
    "agent": N_("Agent"),
    "supervisor": N_("Supervision"),
    "operator": N_("Exploitation"),
    "auditor": N_("Audit"),
}

_DESK = N_("Secrétariat")
#: Who, where the entry itself does not say: by its type, or the beginning of it.
ACTORS: Mapping[str, str] = {
    "registration.AccountDeactivated.v1": _DESK,
    "registration.AccountReactivated.v1": _DESK,
    "registration.CredentialsRemoved.v1": _DESK,
    "mfa.AuthenticatorRemoved.v1": _DESK,
    "registration.": N_("La personne, ou qui a son mot de passe ou sa messagerie"),
    "mfa.": N_("La personne"),
    "profile.": N_("La personne"),
    "gateway.": N_("La personne"),
    "mailer.": N_("Envoi automatique"),
    "dossiers.": _DESK,
    "registration.AccountUnfreezeAllowed.v1": _DESK,
    "registration.PasswordResetRequired.v1": _DESK,
    "registration.AddressReleased.v1": _DESK,
    "registration.AccountAnonymised.v1": _DESK,
    "registration.ActNotCarriedOut.v1": _DESK,
    "gateway.SessionsEndedByDesk.v1": _DESK,
    "profile.InformationCorrected.v1": _DESK,
    "profile.ActNotCarriedOut.v1": _DESK,
    "mailer.ActNotCarriedOut.v1": _DESK,
    "backoffice.": N_("Application des dossiers"),
    "support.": _DESK,
    "desk.": _DESK,
}
#: What nobody did.
AUTOMATIC = frozenset(
    (
        "registration.RequestExpired.v1",
        "registration.DormantAccountWarned.v1",
        "registration.SignInLocked.v1",
        "registration.UnlockOffered.v1",
        "mfa.CodeCheckLocked.v1",
        "profile.DraftExpired.v1",
        "profile.EstablishmentChecked.v1",
        "profile.EstablishmentCheckDeferred.v1",
        "gateway.SessionClosed.v1",
        "support.ActExpired.v1",
        "support.PhoneReplacementPlanned.v1",
        "support.PhoneReplacementOpened.v1",
        "support.JournalPurged",
        "support.JournalVerified",
    )
)
_AUTOMATIC = N_("Automatique")
_SOMEBODY = N_("Quelqu'un qui connaît l'adresse")
#: What anybody can do who knows the address.
BY_ANYBODY = frozenset(
    (
        "registration.AccountRequested.v1",
        "registration.KnownAddressRequested.v1",
        "registration.PasswordRefused.v1",
        "registration.PasswordResetRequested.v1",
        "registration.UnknownAddressAsked.v1",
        "registration.LostPhoneClaimed.v1",
    )
)


@dataclass(frozen=True, kw_only=True)
class Sentence:
    """An entry in words: what happened, who did it, why, and what else it says (label, value)."""

    what: str
    who: str
    why: str
    details: tuple[tuple[str, str], ...]


def describe(
    entry: EntryView,
    values: Mapping[str, Any],
    language: str,
    words: Mapping[str, str] = {},
    *,
    to_holder: bool = False,
) -> Sentence:
    """An entry in words. `values` are what it says about the person, as far as they are shown;
    `words` names acts and mails in French, by their slugs; `to_holder`: the person reads it."""
    facts = {**entry.facts, **values}
    return Sentence(
        what=_what(entry.type, facts, language, words),
        who=_who(entry, language),
        why=_why(entry, language, to_holder=to_holder),
        details=tuple(
            (translate(label, language), _detail(name, facts[name], language))
            for name, label in FIELDS.items()
            if facts.get(name) not in (None, "", 0) and f"{{{name}}}" not in EVENTS[entry.type]
        ),
    )


def tells_who(entry: EntryView) -> bool:
    """Whether an account's holder learns something from who did it: the desk, or the way it was
    done."""
    return str(entry.facts.get("by", "")) in VALUES or ACTORS.get(entry.type) == _DESK


def role_text(role: str, language: str) -> str:
    """An agent's role in words."""
    return translate(ROLES.get(role, role), language)


def reason_text(reason: str, language: str) -> str:
    """A reason in words; one that this version does not know as it is."""
    return translate(REASONS.get(reason, reason), language)


def _what(kind: str, facts: Mapping[str, Any], language: str, words: Mapping[str, str]) -> str:
    filled = {name: _shown(value, language) for name, value in facts.items()}
    for name in ("act", "template"):
        if name in facts:
            slug = str(facts[name])
            filled[name] = translate(words.get(slug, slug), language)
    return translate(EVENTS[kind], language, **filled)


def _who(entry: EntryView, language: str) -> str:
    if entry.agent_id or entry.agent_role:
        role = role_text(entry.agent_role or "agent", language)
        return f"{entry.agent_name} ({role})" if entry.agent_name else role
    by = str(entry.facts.get("by", ""))
    if by in VALUES:
        text = translate(VALUES[by], language)
        return text[:1].upper() + text[1:]
    if entry.type in AUTOMATIC:
        return translate(_AUTOMATIC, language)
    if entry.type in BY_ANYBODY:
        return translate(_SOMEBODY, language)
    owner = entry.type.partition(".")[0] + "."
    return translate(ACTORS.get(entry.type) or ACTORS[owner], language)


def _why(entry: EntryView, language: str, *, to_holder: bool) -> str:
    reason = entry.facts.get("why") or entry.facts.get("reason") or ""
    if to_holder and reason in TO_HOLDER:
        return translate(TO_HOLDER[reason], language)
    return reason_text(str(reason), language) if reason else ""


def _detail(name: str, value: Any, language: str) -> str:
    if name == "siret":
        return group_siret(str(value))
    return status_text(str(value), language) if name == "status" else _shown(value, language)


def _shown(value: Any, language: str) -> str:
    """A fact as people read it; moments and days come as text in a JSON object."""
    if isinstance(value, str) and len(value) == len("2026-01-15"):
        return format_day(value, language)
    if isinstance(value, str) and len(value) >= len("2026-01-15T10:00:00Z") and value[10:11] == "T":
        try:
            return format_datetime(datetime.fromisoformat(value), language)
        except ValueError:
            return value
    return str(value)
