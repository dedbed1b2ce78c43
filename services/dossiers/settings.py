"""Settings of the dossiers service: its connections and health port."""

from dataclasses import dataclass

from shared.settings import CommonSettings, setting


@dataclass(frozen=True, kw_only=True)
class DossiersSettings(CommonSettings):
    """Settings of the dossiers service."""

    database_url: str = setting(
        "IMPEX_DOSSIERS_DATABASE_URL",
        doc="Database URL of the dossiers service's role.",
        secret=True,
    )
    amqp_url: str = setting(
        "IMPEX_DOSSIERS_AMQP_URL",
        doc="Broker URL of the dossiers service's user.",
        secret=True,
    )
    health_port: int = setting(
        "IMPEX_DOSSIERS_HEALTH_PORT",
        default=0,
        doc="Port of the health and metrics pages; 0 for none.",
        ge=0,
        le=65535,
    )
