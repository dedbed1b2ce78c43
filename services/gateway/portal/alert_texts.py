"""What a page says of a refusal as a whole, by the owner's slug, in French and English."""

from __future__ import annotations

from services.gateway.i18n.localized_text import Pair

#: Ends an alert where a number of tries is left; left out where none is counted.
LEFT: Pair = (" Encore {left}.", " {left} left.")

ALERTS: dict[str, Pair] = {
    "away": (
        "Ce service ne répond pas pour l'instant. Votre saisie est encore sur cette page, mot de "
        "passe à part : réessayez dans un moment.",
        "This service does not answer for the moment. What you typed is still on this page, the "
        "password aside: try again shortly.",
    ),
    "wrong_credentials": (
        "Adresse ou mot de passe incorrect. Vérifiez l'adresse et les majuscules, ou choisissez "
        "« Mot de passe oublié ». Pas encore de compte ? « Première connexion - Créer un compte »",
        "Wrong address or password. Check the address and the capital letters, or choose "
        "“Forgotten password”. No account yet? “First time here - Create an account”",
    ),
    "too_many_tries": (
        "Trop d'essais. Réessayez dans {wait}, à {time}. D'ici là, il n'y a rien à faire ; "
        "« Mot de passe oublié » reste possible.",
        "Too many tries. Try again in {wait}, at {time}. Nothing to do until then; "
        "“Forgotten password” still works.",
    ),
    "too_many_requests": (
        "Trop de demandes pour aujourd'hui. Réessayez dans {wait}, à {time}. Ce qui est déjà "
        "parti reste valable.",
        "Too many requests for today. Try again in {wait}, at {time}. What was already sent stays "
        "good.",
    ),
    "too_many_requests_network": (
        "Trop de demandes viennent de votre réseau. Réessayez dans {wait}, à {time}. Ce qui est "
        "déjà parti reste valable.",
        "Too many requests come from your network. Try again in {wait}, at {time}. What was "
        "already sent stays good.",
    ),
    "too_soon": (
        "Un message vient de partir. Un autre pourra partir dans {wait}, à {time}.",
        "A message has just left. Another may leave in {wait}, at {time}.",
    ),
    "wrong_code": (
        "Ce code n'est pas celui du dernier message ({time}). Encore {left}.",
        "This is not the code of the latest message ({time}). {left} left.",
    ),
    "code_void": (
        "Code invalidé, demandez-en un nouveau. Ce code ne sert plus ({tries} essais).",
        "Code void, ask for a new one. This code is no longer usable ({tries} tries).",
    ),
    "code_expired": (
        "Ce code a expiré le {date}. Renvoyer un code : « Envoyer un autre message ».",
        "This code ran out on {date}. To get a new code: “Send another message”.",
    ),
    "password_needed": (
        "Vous avez commencé sur un autre appareil. Donnez le mot de passe choisi ce jour-là.",
        "You began on another device. Give the password you chose then.",
    ),
    "wrong_password": (
        "Ce n'est pas le mot de passe choisi pour cette demande. Encore {left}.",
        "This is not the password chosen for this request. {left} left.",
    ),
    "link_password_void": (
        "Trop d'essais avec ce lien : copiez plutôt le code du message sur le premier appareil.",
        "Too many tries with this link: copy the code of the message on the first device instead.",
    ),
    "terms_changed": (
        "Les CGU ont changé le {date} : merci de les relire. Vos informations et vos dossiers "
        "restent.",
        "The terms changed on {date}: please read them again. Your information and files stay.",
    ),
    "totp_wrong_code": (
        "Ce n'est pas le bon code. Attendez le suivant (30 secondes au plus), ligne IMPEXWEB."
        + LEFT[0],
        "Not the right code. Wait for the next (30 seconds at most), IMPEXWEB line." + LEFT[1],
    ),
    "enrolment_wrong_code": (
        "Code refusé. Attendez le suivant (30 secondes au plus), sur la ligne que cette image "
        "vient d'ajouter ; l'image reste la même.",
        "Code refused. Wait for the next (30 seconds at most), on the line that this picture has "
        "just added; the picture stays the same.",
    ),
    "code_used": (
        "Code déjà utilisé. Ce code vient de servir : attendez le suivant (30 secondes au plus).",
        "Code already used. This code has just been used: wait for the next (30 seconds at most).",
    ),
    "clock_off_slow": (
        "Votre téléphone retarde de {minutes} : réglez son heure sur automatique, puis saisissez "
        "le nouveau code.",
        "Your phone is {minutes} slow: set its time to automatic, then enter the new code.",
    ),
    "clock_off_fast": (
        "Votre téléphone avance de {minutes} : réglez son heure sur automatique, puis saisissez "
        "le nouveau code.",
        "Your phone is {minutes} fast: set its time to automatic, then enter the new code.",
    ),
    "clock_off_slow_wait": (
        "Votre téléphone retarde de {minutes} : réglez son heure sur automatique, puis saisissez "
        "un nouveau code à {time}, dans {wait}.",
        "Your phone is {minutes} slow: set its time to automatic, then enter a new code at {time}, "
        "in {wait}.",
    ),
    "clock_off_fast_wait": (
        "Votre téléphone avance de {minutes} : réglez son heure sur automatique, puis saisissez "
        "un nouveau code à {time}, dans {wait}.",
        "Your phone is {minutes} fast: set its time to automatic, then enter a new code at {time}, "
        "in {wait}.",
    ),
    "too_many_codes": (
        "Trop de codes refusés : prochain essai à {time}, dans {wait}. Un courriel vous en "
        "informe.",
        "Too many codes refused: next try at {time}, in {wait}. A mail tells you so.",
    ),
    "recovery_refused": (
        "Code de secours invalide." + LEFT[0],
        "Recovery code not valid." + LEFT[1],
    ),
    "recovery_off": (
        "Les codes de secours ne sont pas proposés sur ce portail.",
        "Recovery codes are not offered on this portal.",
    ),
    "not_enrolled": (
        "Aucun téléphone n'est lié à votre compte : reprenez la connexion pour en enrôler un.",
        "No phone is linked to your account: sign in again to enrol one.",
    ),
    "enrolment_gone": (
        "Cet enrôlement n'est plus valable : une nouvelle image a été préparée. Supprimez la ligne "
        "IMPEXWEB que la précédente a ajoutée.",
        "This enrolment is no longer good: a new picture has been made. Delete the IMPEXWEB line "
        "that the previous picture added.",
    ),
    "already_enrolled": (
        "Un téléphone est déjà lié à votre compte : utilisez ses codes.",
        "A phone is already linked to your account: use its codes.",
    ),
    "address_wrong_code": (
        "Ce code n'est pas celui du dernier message." + LEFT[0],
        "This is not the code of the latest message." + LEFT[1],
    ),
    "address_code_void": (
        "Ce code ne sert plus : trop d'essais. Demandez-en un autre par « Envoyer un autre code ».",
        "This code is no longer usable: too many tries. Ask for another: “Send another code”.",
    ),
    "address_code_expired": (
        "Ce code a expiré le {date}. Demandez-en un autre par « Envoyer un autre code ».",
        "This code ran out on {date}. Ask for another: “Send another code”.",
    ),
    "confirm_wrong_password": (
        "Ce n'est pas votre mot de passe.",
        "This is not your password.",
    ),
    "link_malformed": (
        "Lien incomplet : ouvrez-le de nouveau depuis le message, sans en couper la fin.",
        "Incomplete link: open it again from the message, without cutting its end.",
    ),
    "link_used": (
        "Ce lien a déjà servi.",
        "This link has already been used.",
    ),
    "link_replaced": (
        "Un message plus récent a remplacé celui-ci : prenez son lien.",
        "A later message has replaced this one: take its link.",
    ),
    "link_expired": (
        "Ce lien a expiré : demandez-en un autre.",
        "This link ran out: ask for another one.",
    ),
    "link_gone": (
        "Ce lien ne sert plus : demandez-en un autre.",
        "This link is no longer usable: ask for another one.",
    ),
    "stale_page": (
        "Cette page est restée ouverte longtemps. Votre saisie est gardée, mais pas encore "
        "enregistrée : choisissez de nouveau « Enregistrer » ou « Valider ».",
        "This page stayed open for long. What you typed is kept, but not saved yet: choose “Save” "
        "or “Validate” again.",
    ),
    "draft_not_saved": (
        "Le brouillon n'est pas enregistré : corrigez d'abord ce qui est en rouge.",
        "The draft is not saved: first correct what is in red.",
    ),
}
