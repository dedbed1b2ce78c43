"""Settings of the dossiers service: its connections and health port."""

from dataclasses import dataclass

from shared.settings import ServiceSettings, amqp_url_of, database_url_of, health_port_of


@dataclass(frozen=True, kw_only=True)
class DossiersSettings(ServiceSettings):
    """Settings of the dossiers service."""

    database_url: str = database_url_of("dossiers")
    amqp_url: str = amqp_url_of("dossiers")
    health_port: int = health_port_of("dossiers")
