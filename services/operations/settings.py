"""Settings of the operations service: its connections and health port."""

from dataclasses import dataclass

from shared.security.connection_urls import management_of, validate_management_url
from shared.settings import (
    Problem,
    ServiceSettings,
    amqp_url_of,
    database_url_of,
    health_port_of,
    setting,
)

MANAGEMENT_URL = "IMPEX_OPERATIONS_MANAGEMENT_URL"


@dataclass(frozen=True, kw_only=True)
class OperationsSettings(ServiceSettings):
    """Settings of the operations service."""

    database_url: str = database_url_of("operations")
    amqp_url: str = amqp_url_of("operations")
    health_port: int = health_port_of("operations")
    management_place: str = setting(
        MANAGEMENT_URL,
        default="",
        doc="Address of RabbitMQ's management API, without a login; its broker user reads "
        "the queues there. `?cafile=` names an authority of your own.",
        default_doc="port 15672, or 15671 by TLS, of the broker's host",
    )

    @property
    def management_url(self) -> str:
        """The management API with the login of the service's broker user."""
        return management_of(self.amqp_url, self.management_place)

    def check(self) -> list[Problem]:
        """As everywhere, and TLS to the management API off the loopback address."""
        problems = super().check()
        if self.management_place:
            sentence = validate_management_url(self.management_place, try_out=self.try_out)
            problems += [(MANAGEMENT_URL, sentence)] if sentence else []
        return problems
