"""What technical settings do, in words: those that only whoever runs the servers needs."""

import re

from shared.i18n.catalogue import N_, translate

#: By the end of the name: each service has one of its own.
ENDINGS: dict[str, str] = {
    "_DATABASE_URL": N_("Adresse de la base de données, avec le rôle du service."),
    "_AMQP_URL": N_("Adresse du serveur de messages, avec l'utilisateur du service."),
    "_HEALTH_PORT": N_("Port des pages d'état et de mesures ; 0 : aucun."),
}
#: In the order of the page.
TECHNICAL_EFFECTS: dict[str, str] = {
    "IMPEX_OPERATOR_NAME": N_("Nom court de l'agence qui exploite le portail."),
    "IMPEX_IMPORT_ADDRESS": N_("Adresse pour les questions sur les importations."),
    "IMPEX_EXPORT_ADDRESS": N_("Adresse pour les questions sur les exportations."),
    "IMPEX_DPO_ADDRESS": N_("Adresse du délégué à la protection des données."),
    "IMPEX_DPO_POSTAL": N_("Adresse postale du délégué à la protection des données."),
    "IMPEX_FILING_URL": N_("Page où l'on dépose un dossier, ouverte par « Déposer une demande »."),
    "IMPEX_DOSSIER_URL": N_(
        "Page qui montre un dossier, avec la place de son identifiant ou de son numéro."
    ),
    "IMPEX_LEGAL_DIR": N_(
        "Dossier des textes de l'exploitant : protection des données et mentions légales."
    ),
    "IMPEX_TERMS_DIR": N_("Dossier des conditions d'utilisation, fr.md et en.md."),
    "IMPEX_UI_THEME": N_(
        "Thème des pages ; dsfr est réservé aux services de l'État (conditions dans le README)."
    ),
    "IMPEX_LOGO_LINES": N_("Lignes du bloc-marque de l'État, avec le thème dsfr."),
    "IMPEX_DSFR_DIR": N_("Dossier dist du paquet @gouvfr/dsfr."),
    "IMPEX_PASSWORD_MIN": N_("Longueur minimale d'un mot de passe."),
    "IMPEX_PASSWORD_MAX": N_("Longueur maximale d'un mot de passe."),
    "IMPEX_PASSWORD_MIXED_CASE": N_("Un mot de passe doit avoir des majuscules et des minuscules."),
    "IMPEX_PASSWORD_LISTS_DIR": N_("Dossier de listes *.txt d'autres mots à refuser."),
    "IMPEX_SIGN_IN_FREE_TRIES": N_("Mots de passe faux avant la première attente."),
    "IMPEX_SIGN_IN_WAIT": N_(
        "Première attente après des mots de passe faux ; chacune des suivantes est deux fois plus "
        "longue."
    ),
    "IMPEX_SIGN_IN_WAIT_CAP": N_("Attente maximale après des mots de passe faux."),
    "IMPEX_SIGN_IN_PER_DAY": N_(
        "Mots de passe faux par adresse et 24 heures ; 40 % d'entre eux depuis un même réseau."
    ),
    "IMPEX_SIGN_INS_PER_NETWORK": N_(
        "Mots de passe faux par réseau et dix minutes, les justes ne comptent pas ; sans limite à "
        "l'essai."
    ),
    "IMPEX_CODE_FREE_TRIES": N_(
        "Codes faux avant la première attente ; les codes de récupération comptent à part."
    ),
    "IMPEX_CODE_WAIT": N_(
        "Première attente après des codes faux ; chacune des suivantes est deux fois plus longue."
    ),
    "IMPEX_CODE_WAIT_CAP": N_("Attente maximale après des codes faux, hors limite du jour."),
    "IMPEX_CODES_PER_DAY": N_(
        "Codes faux par compte et 24 heures ; seul le temps lève cette limite."
    ),
    "IMPEX_TOTP_WINDOW": N_(
        "Pas de 30 secondes dont l'horloge d'un téléphone peut avancer ou retarder."
    ),
    "IMPEX_ENROL_MINUTES": N_("Durée d'un enrôlement, qui montre la même clé."),
    "IMPEX_VERIFY_MINUTES": N_("Durée de validité d'un code et d'un lien."),
    "IMPEX_VERIFY_TRIES": N_(
        "Codes faux d'un message, et mots de passe faux sur un lien, avant qu'il soit annulé."
    ),
    "IMPEX_RESEND_SECONDS": N_("Temps minimal entre deux messages d'une demande."),
    "IMPEX_RESET_MINUTES": N_(
        "Durée de validité des liens pour un nouveau mot de passe et de ceux qui confirment un "
        "téléphone perdu ; la même pour registration et gateway."
    ),
    "IMPEX_ADDRESS_CODE_MINUTES": N_(
        "Durée de validité d'un code qui vérifie de nouveau l'adresse d'un compte."
    ),
    "IMPEX_ADDRESS_CHANGE_MINUTES": N_(
        "Durée de validité d'un code qui vérifie la nouvelle adresse d'un compte."
    ),
    "IMPEX_REQUESTS_PER_ADDRESS": N_(
        "Demandes de compte par adresse, réseau et jour ; deux fois plus de tous les réseaux."
    ),
    "IMPEX_RESENDS_PER_ADDRESS": N_("Messages de plus par adresse et jour."),
    "IMPEX_REQUESTS_PER_NETWORK": N_("Demandes par réseau et heure ; sans limite à l'essai."),
    "IMPEX_NETWORK_QUOTAS": N_(
        "Réseaux qui ont une autre limite par heure, comme 192.0.2.0/24=2000 ; une limite plus "
        "grande vaut aussi pour les connexions."
    ),
    "IMPEX_RESETS_PER_ADDRESS": N_(
        "Mots de passe oubliés, et à part téléphones perdus, par adresse, réseau et jour ; deux "
        "fois plus de tous les réseaux."
    ),
    "IMPEX_ADDRESS_CHANGES": N_("Changements d'adresse qu'un compte peut demander par jour."),
    "IMPEX_DEPARTURES_PER_NETWORK": N_(
        "Départs de collègues signalés par réseau et heure ; sans limite à l'essai."
    ),
    "IMPEX_MESSAGES_PER_NETWORK": N_(
        "Messages au secrétariat, et autant de signalements de messages qui n'arrivent pas, de "
        "personnes non connectées, par réseau et heure ; sans limite à l'essai."
    ),
    "IMPEX_LOOKUPS_PER_MINUTE": N_(
        "Vérifications de mots et d'adresses pendant la saisie, par réseau."
    ),
    "IMPEX_STREAMS_PER_VISITOR": N_(
        "Pages mises à jour en direct qu'un navigateur garde ouvertes, au plus."
    ),
    "IMPEX_DIRECTORY_URL": N_(
        "Adresse de l'annuaire public des entreprises où chercher un SIRET, schéma et hôte "
        "seulement (« Recherche d'entreprises ») ; vide : aucun."
    ),
    "IMPEX_DIRECTORY_RATE": N_(
        "Recherches dans l'annuaire par processus du service, au plus ; l'annuaire lui-même en "
        "permet 7 par adresse de réseau."
    ),
    "IMPEX_MAIL_SENDER": N_(
        "Expéditeur de tous les messages, en-tête et enveloppe ; les retours y arrivent."
    ),
    "IMPEX_ALLOW_MIXED_DOMAINS": N_(
        "Les messages peuvent venir d'un autre domaine que celui du portail."
    ),
    "IMPEX_SMTP_URL": N_(
        "Le serveur de messagerie : smtps:// ou smtp+starttls://utilisateur:motdepasse@hôte:port ; "
        "smtp:// sur la même machine seulement."
    ),
    "IMPEX_SMTP_CA_FILE": N_(
        "Autorité du certificat du serveur de messagerie, à la place de celles du système."
    ),
    "IMPEX_SMTP_TIMEOUT": N_("Temps maximal d'une commande au serveur de messagerie."),
    "IMPEX_SMTP_FINAL_TIMEOUT": N_(
        "Temps maximal de sa réponse à un message entier ; trop court, il laisse des messages dans "
        "le doute."
    ),
    "IMPEX_SMTP_CONNECTIONS": N_("Connexions au serveur de messagerie, au plus."),
    "IMPEX_SMTP_UTF8": N_(
        "Le relais de messagerie accepte des lettres hors ASCII avant le @ (SMTPUTF8)."
    ),
    "IMPEX_MAIL_RETRY": N_(
        "Minutes avant chaque nouvel essai d'un message différé ; ensuite un essai par heure."
    ),
    "IMPEX_MAIL_GIVE_UP": N_(
        "Durée des essais d'un message ; pour un code, jusqu'à la fin de sa validité."
    ),
    "IMPEX_MAIL_LEASE": N_(
        "Temps après le dernier signe d'un processus d'envoi avant qu'un autre reprenne ses envois."
    ),
    "IMPEX_MAIL_KEEP": N_("Conservation de la trace d'un message après la fin de son envoi."),
    "IMPEX_MAIL_TEMPLATES_DIR": N_(
        "Dossier de modèles de messages qui remplacent ceux du même nom."
    ),
    "IMPEX_PAGE_SIGN_UP": N_("Page où l'on demande un compte, aussi de nouveau."),
    "IMPEX_PAGE_VALIDATION": N_(
        "Page du lien qui vérifie une adresse. Le jeton du message est dans `?jeton=` ; ouvrir la "
        "page ne change rien."
    ),
    "IMPEX_PAGE_SIGN_IN": N_("Page où l'on se connecte."),
    "IMPEX_PAGE_HOME": N_("Page des dossiers de la personne connectée."),
    "IMPEX_PAGE_FORGOTTEN_PASSWORD": N_("Page où l'on demande un nouveau mot de passe."),
    "IMPEX_PAGE_NEW_PASSWORD": N_(
        "Page du lien vers un nouveau mot de passe. Le jeton du message est dans `?jeton=` ; "
        "ouvrir la page ne change rien."
    ),
    "IMPEX_PAGE_LOST_PHONE": N_(
        "Page qui confirme un téléphone perdu ; elle demande les chiffres du message. Le jeton du "
        "message est dans `?jeton=` ; ouvrir la page ne change rien."
    ),
    "IMPEX_PAGE_UNLOCK": N_(
        "Page qui lève les limites d'une adresse ; elle demande les chiffres du message. Le jeton "
        "du message est dans `?jeton=` ; ouvrir la page ne change rien."
    ),
    "IMPEX_PAGE_NOT_ME": N_(
        "Page « ce n'est pas moi » ; elle demande les chiffres du message. Le jeton du message est "
        "dans `?jeton=` ; ouvrir la page ne change rien."
    ),
    "IMPEX_PAGE_FOLLOW_UP": N_(
        "Page d'une demande au secrétariat. Le jeton du message est dans `?jeton=` ; ouvrir la "
        "page ne change rien."
    ),
    "IMPEX_PAGE_OBJECTION": N_(
        "Page qui arrête un changement prévu. Le jeton du message est dans `?jeton=` ; ouvrir la "
        "page ne change rien."
    ),
    "IMPEX_PAGE_CORRECTION": N_(
        "Page où la personne connectée demande une correction de ses données."
    ),
    "IMPEX_GATEWAY_HOST": N_("Adresse sur laquelle le portail écoute."),
    "IMPEX_GATEWAY_PORT": N_("Port sur lequel le portail écoute ; 0 : un port libre."),
    "IMPEX_DESK_HOST": N_("Adresse sur laquelle l'assistance écoute."),
    "IMPEX_DESK_PORT": N_("Port sur lequel l'assistance écoute ; 0 : un port libre."),
    "IMPEX_TRUSTED_PROXIES": N_(
        "Réseaux des serveurs mandataires dont X-Forwarded-For est cru ; aucun si les clients se "
        "connectent directement."
    ),
    "IMPEX_HEALTH_HOST": N_("Adresse sur laquelle les pages d'état et de mesures écoutent."),
    "IMPEX_OPERATIONS_MANAGEMENT_URL": N_(
        "Adresse de l'interface de gestion de RabbitMQ, sans identifiants ; l'utilisateur du "
        "service y lit les files. `?cafile=` nomme une autorité à vous."
    ),
    "OTEL_EXPORTER_OTLP_ENDPOINT": N_(
        "Adresse d'un collecteur de traces d'OpenTelemetry (OTLP par HTTP), comme "
        "http://127.0.0.1:4318 ; sans elle, aucune trace."
    ),
    "IMPEX_LOG_LEVEL": N_("Niveau le plus bas des lignes de journal technique qui sont écrites."),
    "IMPEX_INSTANCE": N_(
        "Nom de la machine de ce processus, dans les journaux techniques et les noms de connexions."
    ),
    "IMPEX_DATABASE_POOL": N_(
        "Connexions à la base de données de chaque service dans un processus, au plus."
    ),
    "IMPEX_START_SECONDS": N_(
        "Temps pendant lequel un démarrage attend la base de données et le serveur de messages."
    ),
    "IMPEX_DRAIN_SECONDS": N_("Temps pendant lequel un arrêt attend le travail en cours."),
    "IMPEX_ARGON2_MEMORY_KIB": N_("Mémoire d'une empreinte de mot de passe."),
    "IMPEX_ARGON2_TIME": N_("Passes d'une empreinte de mot de passe."),
    "IMPEX_ARGON2_PARALLELISM": N_("Voies parallèles d'une empreinte de mot de passe."),
    "IMPEX_HASH_THREADS": N_("Fils d'exécution qui calculent les empreintes des mots de passe."),
    "IMPEX_SUPPORT_HASH_THREADS": N_(
        "Fils d'exécution qui calculent les empreintes des mots de passe des agents."
    ),
    "IMPEX_JOURNAL_ANCHORS_FILE": N_(
        "Fichier où les ancres du journal sont ajoutées chaque heure, à copier ailleurs."
    ),
    "IMPEX_JOURNAL_KEYS": N_(
        "Clés qui enchaînent le journal. Une clé qui a servi reste pour toujours."
    ),
    "IMPEX_CODE_PROOF_KEYS": N_(
        "Clés avec lesquelles mfa signe, pour support, les preuves des codes d'agents ; "
        "l'assistance ne doit pas les avoir."
    ),
    "IMPEX_SESSION_KEYS": N_(
        "Clés des cookies, des jetons de formulaires et des clés d'envoi unique."
    ),
    "IMPEX_DESK_SESSION_KEYS": N_(
        "Clés des cookies, des jetons de formulaires et des clés d'envoi unique de l'assistance."
    ),
    "IMPEX_DISAVOWAL_KEYS": N_("Clés qui signent les liens « ce n'est pas moi » des messages."),
    "IMPEX_TOKEN_KEYS": N_("Clés des empreintes de codes et de liens."),
    "IMPEX_PEPPER_KEYS": N_("Clés des empreintes de mots de passe."),
    "IMPEX_SUPPORT_TOKEN_KEYS": N_("Clés des empreintes de liens d'agents et de limites."),
    "IMPEX_SUPPORT_PEPPER_KEYS": N_("Clés des empreintes de mots de passe d'agents."),
    "IMPEX_TOTP_KEYS": N_("Clés qui chiffrent les clés des applications de codes."),
    "IMPEX_RECOVERY_KEYS": N_("Clés des empreintes de codes de récupération."),
    "IMPEX_SEAL_KEYS_REGISTRATION": N_(
        "Clés de ce qui est scellé pour registration : privées chez registration, publiques "
        "ailleurs."
    ),
    "IMPEX_SEAL_KEYS_PROFILE": N_(
        "Clés de ce qui est scellé pour profile : privées chez profile, publiques ailleurs."
    ),
    "IMPEX_SEAL_KEYS_MFA": N_(
        "Clés de ce qui est scellé pour mfa : privées chez mfa, publiques ailleurs."
    ),
    "IMPEX_SEAL_KEYS_MAILER": N_(
        "Clés de ce qui est scellé pour mailer : privées chez mailer, publiques ailleurs."
    ),
    "IMPEX_SEAL_KEYS_GATEWAY": N_(
        "Clés de ce qui est scellé pour les pages du portail : privées chez gateway, publiques "
        "ailleurs."
    ),
    "IMPEX_SEAL_KEYS_SUPPORT": N_(
        "Clés de ce qui est scellé pour support : privées chez support, publiques ailleurs."
    ),
    "IMPEX_SEAL_KEYS_DESK": N_(
        "Clés de ce qui est scellé pour les pages de l'assistance : privées chez desk, publiques "
        "ailleurs."
    ),
    "IMPEX_PUSH_KEYS": N_("Clés privées qui signent ce qui est envoyé aux partenaires par HTTP."),
    "IMPEX_PUSH_NETWORKS": N_(
        "Réseaux internes où se trouvent des serveurs de partenaires ; vide : les adresses "
        "publiques seulement."
    ),
    "IMPEX_PUSH_CA_FILE": N_(
        "Fichier d'autorités acceptées pour les certificats de serveurs de partenaires, en plus de "
        "celles du système."
    ),
}
#: Defaults that are no value, by what the documents say in English.
DEFAULTS: dict[str, str] = {
    "the machine's name": N_("le nom de la machine"),
    "the system's authorities": N_("les autorités du système"),
    "built-in ones only": N_("seulement ceux qui sont fournis"),
    "port 15672, or 15671 by TLS, of the broker's host": N_(
        "port 15672, ou 15671 par TLS, de l'hôte du serveur de messages"
    ),
    "the machine's cores": N_("les cœurs de la machine"),
    "0: never": N_("0 : jamais"),
    "a model text, in the try-out only": N_("un texte type, à l'essai seulement"),
    "node_modules/@gouvfr/dsfr/dist of the project": N_("node_modules/@gouvfr/dsfr/dist du projet"),
    "all networks": N_("tous les réseaux"),
    "contacts instead of such a button": N_("les contacts au lieu d'un bouton"),
    "no link": N_("aucun lien"),
    "any": N_("tous"),
    "none": N_("aucun"),
    "model texts": N_("textes types"),
}
OF_TRY_OUT = N_("essai : {value} ; obligatoire ailleurs")
_OF_TRY_OUT = re.compile(r"try-out: (.+); (?:mandatory|must be set|must be chosen) elsewhere")


def technical_effect(name: str) -> str | None:
    """The text of a technical setting, or None for one that this version does not know."""
    of_service = (text for end, text in ENDINGS.items() if name.endswith(end))
    return TECHNICAL_EFFECTS.get(name) or next(of_service, None)


def default_text(default: str, lang: str) -> str:
    """A default in words where it is words, else as it is."""
    found = _OF_TRY_OUT.fullmatch(default)
    if found is not None:
        return translate(OF_TRY_OUT, lang, value=default_text(found[1], lang))
    return translate(DEFAULTS[default], lang) if default in DEFAULTS else default
