"""What operators read where a server or a service is unavailable: which, and what to do. Pure."""

from dataclasses import replace

from services.gateway.http.errors import ErrorText
from shared.database.pool import DATABASE
from shared.i18n.catalogue import N_
from shared.messaging.connection import BROKER

STATUS = N_("Sur un serveur, « impex status » dit ce qui répond et ce qui ne répond pas.")
SERVERS = {
    # Nobody can be recognised without it, so no page is left.
    DATABASE: ErrorText(
        N_("PostgreSQL ne répond pas"),
        N_(
            "Sans la base de données, le secrétariat ne sait pas qui demande cette page. Tout "
            "reprend de soi-même dès qu'elle répond."
        ),
        (
            STATUS,
            N_("« impex queues » et « impex dead list » lisent RabbitMQ, sans la base."),
            N_("Guide d'exploitation, docs/runbook.md : « A server is unavailable »."),
        ),
        N_(
            "PostgreSQL ne répond pas. Réessayez dans quelques minutes : votre saisie est encore "
            "sur cette page, sauf le code."
        ),
    ),
    BROKER: ErrorText(
        N_("RabbitMQ ne répond pas"),
        N_(
            "Files, lettres et messages se lisent ici à travers lui. Rien n'est perdu : les "
            "événements attendent dans la base de données et partent dès qu'il répond."
        ),
        (
            STATUS,
            N_("« impex mail list » lit les messages dans la base, sans RabbitMQ."),
            N_("Guide d'exploitation, docs/runbook.md : « A server is unavailable »."),
        ),
        N_(
            "RabbitMQ ne répond pas. Réessayez dans quelques minutes : votre saisie est encore "
            "sur cette page, sauf le code."
        ),
    ),
}
SERVICE = ErrorText(
    N_("Le service « {name} » ne répond pas"),
    N_(
        "Cette page en a besoin. Il est arrêté ou trop lent, ou bien PostgreSQL ou RabbitMQ ne lui "
        "répond pas."
    ),
    (
        STATUS,
        N_(
            "Le journal de ce service dit pourquoi : « impex logs --service {name} », ou "
            "journalctl."
        ),
        N_("« impex queues », « impex dead » et « impex mail » se passent de lui."),
        N_("Guide d'exploitation, docs/runbook.md : « ServiceDown »."),
    ),
    N_(
        "Le service « {name} » ne répond pas. Réessayez dans quelques minutes : votre saisie est "
        "encore sur cette page, sauf le code."
    ),
)


def unavailable(error: Exception) -> ErrorText | None:
    """The words for what an error names; None where it names nothing."""
    name = getattr(error, "name", "")
    return (SERVERS.get(name) or replace(SERVICE, name=name)) if name else None
