"""The alerts of pages: why a form was refused as a whole, by the owner's slug."""

from shared.i18n.catalogue import N_, Plural

#: Follows an alert where a number of attempts is left.
ATTEMPTS_LEFT = Plural("Encore {n} essai.", "Encore {n} essais.")
#: Refusals whose alert says how many attempts are left.
COUNTED = frozenset(
    (
        "wrong_code",
        "wrong_password",
        "totp_wrong_code",
        "recovery_refused",
        "address_wrong_code",
        "recovery_address_wrong_code",
        "link_wrong_code",
        "resumption_wrong_code",
    )
)
MINUTES = Plural("{n} minute", "{n} minutes")

ALERTS: dict[str, str] = {
    "unavailable": N_(
        "Ce service ne répond pas. Réessayez dans quelques minutes : votre saisie est encore sur "
        "cette page, sauf le mot de passe."
    ),
    "password_oversized": N_("Ce mot de passe est trop long. Saisissez-le de nouveau."),
    "text_oversized": N_(
        "Ce texte est trop long : seul son début est gardé ici. Raccourcissez-le, puis envoyez."
    ),
    "wrong_credentials": N_(
        "Adresse ou mot de passe incorrect. Vérifiez l'adresse et les majuscules, ou choisissez « "
        "Mot de passe oublié ». Pas encore de compte ? « Première connexion - Créer un compte »"
    ),
    "password_reset_required": N_(
        "Ce mot de passe n'est plus accepté : quelqu'un d'autre le connaît peut-être, ou votre "
        "adresse a changé. Choisissez « Mot de passe oublié » pour en choisir un nouveau."
    ),
    "too_many_tries": N_(
        "Trop d'essais. Réessayez dans {wait}, à {time}, ou choisissez « Mot de passe oublié »."
    ),
    "too_many_tries_address": N_(
        "Trop d'essais avec cette adresse aujourd'hui. Réessayez dans {wait}, à {time}, ou "
        "choisissez « Mot de passe oublié ». Si elle a un compte, un message envoyé à cette "
        "adresse permet aussi de lever la limite."
    ),
    "too_many_requests": N_(
        "Trop de demandes pour aujourd'hui. Réessayez dans {wait}, à {time}. Les messages déjà "
        "envoyés restent valables."
    ),
    "too_many_requests_address": N_(
        "Trop de demandes pour cette adresse aujourd'hui. Réessayez dans {wait}, à {time}, ou "
        "levez cette limite avec le message que nous y avons envoyé."
    ),
    "too_many_requests_network": N_(
        "Trop de demandes viennent de votre réseau. Réessayez dans {wait}, à {time}. Les messages "
        "déjà envoyés restent valables."
    ),
    "too_many_requests_to_desk": N_(
        "Trop de demandes avec cette adresse aujourd'hui. Réessayez dans {wait}, à {time}, ou "
        "appelez-nous."
    ),
    "follow_up_too_many_requests": N_(
        "Trop de liens demandés. Réessayez dans {wait}, à {time}. Les liens déjà envoyés restent "
        "valables."
    ),
    "request_too_many_requests": N_(
        "Trop de réponses aujourd'hui. Réessayez dans {wait}, à {time}. Votre saisie est gardée."
    ),
    "request_request_closed": N_(
        "Cette demande est close : une réponse ne la rouvre plus. Faites une autre demande."
    ),
    "request_too_late": N_(
        "Il est trop tard pour arrêter : le téléphone est déjà détaché. Appelez-nous."
    ),
    **dict.fromkeys(
        ("replacement_refused", "replacement_not_open"),
        N_(
            "Votre mot de passe ne suffit plus pour enrôler un nouveau téléphone : la demande est "
            "arrêtée, ou votre mot de passe ou votre adresse ont changé. Le secrétariat peut vous "
            "aider."
        ),
    ),
    "request_closed": N_("Cette demande est close : il n'y a plus rien à annuler."),
    "request_not_there_yet": N_(
        "La demande n'est pas encore arrivée au secrétariat. Choisissez de nouveau « Annuler ma "
        "demande » dans un instant."
    ),
    "too_soon": N_(
        "Un message vient de partir. Vous pourrez en demander un autre dans {wait}, à {time}."
    ),
    "wrong_code": N_("Ce code n'est pas celui du dernier message, envoyé à {time}."),
    "code_void": N_(
        "Trop d'essais ({tries}) : ce code n'est plus valable. Choisissez « Envoyer un autre "
        "message »."
    ),
    "code_expired": N_("Ce code a expiré le {date}. Choisissez « Envoyer un autre message »."),
    "password_needed": N_(
        "Vous avez commencé sur un autre appareil. Saisissez le mot de passe que vous avez choisi."
    ),
    "wrong_password": N_("Ce n'est pas le mot de passe choisi pour cette demande."),
    "link_password_void": N_(
        "Trop d'essais avec ce lien : copiez plutôt le code du message sur le premier appareil."
    ),
    "terms_changed": N_(
        "Les CGU ont changé le {date}. Lisez-les de nouveau. Vos informations et vos dossiers sont "
        "gardés."
    ),
    "totp_wrong_code": N_(
        "Ce n'est pas le bon code. Saisissez le suivant (30 secondes au plus), celui de l'entrée "
        "{service}."
    ),
    "enrolment_wrong_code": N_(
        "Code refusé. Saisissez le suivant (30 secondes au plus), celui de l'entrée que ce code QR "
        "vient d'ajouter."
    ),
    "code_used": N_("Ce code vient de servir : attendez le suivant (30 secondes au plus)."),
    "clock_off_slow": N_(
        "Votre téléphone retarde de {minutes} : réglez son heure sur automatique, puis saisissez "
        "le nouveau code."
    ),
    "clock_off_fast": N_(
        "Votre téléphone avance de {minutes} : réglez son heure sur automatique, puis saisissez le "
        "nouveau code."
    ),
    "clock_off_slow_wait": N_(
        "Votre téléphone retarde de {minutes} : réglez son heure sur automatique, puis saisissez "
        "un nouveau code à {time}, dans {wait}."
    ),
    "clock_off_fast_wait": N_(
        "Votre téléphone avance de {minutes} : réglez son heure sur automatique, puis saisissez un "
        "nouveau code à {time}, dans {wait}."
    ),
    "too_many_codes": N_(
        "Trop de codes refusés. Réessayez dans {wait}, à {time}. Un message vous le confirme."
    ),
    "recovery_refused": N_(
        "Ce code de secours n'est pas valable. Saisissez un code de la dernière liste, pas encore "
        "utilisé."
    ),
    "recovery_off": N_("Les codes de secours ne sont pas proposés sur ce portail."),
    "not_enrolled": N_(
        "Aucun téléphone n'est lié à votre compte. Connectez-vous de nouveau pour en enrôler un."
    ),
    "enrolment_gone": N_(
        "Ce code QR n'est plus valable : en voici un nouveau. Supprimez de votre application "
        "l'entrée {service} ajoutée par le précédent."
    ),
    "already_enrolled": N_("Un téléphone est déjà lié à votre compte : utilisez ses codes."),
    "address_wrong_code": N_("Ce code n'est pas celui du dernier message."),
    "address_code_void": N_(
        "Trop d'essais : ce code n'est plus valable. Choisissez « Envoyer un autre code »."
    ),
    "address_code_expired": N_("Ce code a expiré le {date}. Choisissez « Envoyer un autre code »."),
    "recovery_address_wrong_code": N_("Ce code n'est pas celui du dernier message."),
    "recovery_address_code_void": N_(
        "Trop d'essais : ce code n'est plus valable. Saisissez l'adresse de nouveau."
    ),
    "recovery_address_code_expired": N_(
        "Ce code a expiré le {date}. Saisissez l'adresse de nouveau."
    ),
    "link_wrong_code": N_("Ce n'est pas le code du message qui contient ce lien."),
    "link_code_void": N_(
        "Trop d'essais ({tries}) : le code de ce message n'est plus accepté aujourd'hui. "
        "Appelez-nous."
    ),
    "resumption_wrong_code": N_("Ce n'est pas le code de reprise qui vous a été dit."),
    "resumption_code_void": N_(
        "Trop d'essais ({tries}) : ce code de reprise n'est plus valable. Le secrétariat vous en "
        "dira un autre par téléphone."
    ),
    "resumption_code_expired": N_(
        "Ce code de reprise a expiré le {date}. Le secrétariat vous en dira un autre par téléphone."
    ),
    "resumption_not_told": N_(
        "Aucun code de reprise n'est valable en ce moment : le secrétariat vous en dira un par "
        "téléphone."
    ),
    "resumption_account_closed": N_(
        "Ce compte est bloqué ou désactivé : aucun code de reprise ne l'ouvre. Appelez-nous."
    ),
    "totp_wrong_password": N_("Ce n'est pas votre mot de passe."),
    "link_malformed": N_(
        "Ce lien est incomplet. Ouvrez-le de nouveau depuis le message, jusqu'à la fin."
    ),
    "link_used": N_("Ce lien a déjà servi."),
    "link_replaced": N_(
        "Un message plus récent a remplacé celui-ci : utilisez le lien du dernier message."
    ),
    "link_expired": N_("Ce lien a expiré : demandez-en un autre."),
    "link_gone": N_("Ce lien n'est plus valable : demandez-en un autre."),
    "form_expired": N_(
        "Cette page est restée ouverte plus de 24 heures : cet envoi n'a pas été pris en compte. "
        "Votre saisie est gardée, sauf le mot de passe. Vérifiez-la, puis envoyez-la de nouveau."
    ),
    "form_unknown": N_(
        "Nous n'avons pas pu vérifier que cet envoi vient de ce navigateur : il n'a pas été pris "
        "en compte. Votre saisie est gardée, sauf le mot de passe. Vérifiez-la, puis envoyez-la de "
        "nouveau."
    ),
    "form_without_cookie": N_(
        "Votre navigateur n'a pas envoyé le cookie de ce formulaire : cet envoi n'a pas été pris "
        "en compte. Autorisez nos cookies, vérifiez votre saisie, puis envoyez-la de nouveau."
    ),
    "draft_changed": N_(
        "Ce brouillon a été enregistré entre-temps, le {date}. Rien n'est perdu : votre saisie est "
        "dans les champs, la valeur enregistrée est sous chaque champ différent. Choisissez, puis "
        "enregistrez."
    ),
    "draft_not_saved": N_(
        "Le brouillon n'est pas enregistré : corrigez d'abord les champs signalés."
    ),
}
