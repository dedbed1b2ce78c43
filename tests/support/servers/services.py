"""Every service's definition, as the tests use them."""

from operations import service_registry
from operations.provision.permissions import Principal
from shared.runtime.service import Service


def services() -> list[Service]:
    """Every service's definition."""
    return service_registry.services()


def principals() -> tuple[Principal, ...]:
    """Every service as the broker and the database see it."""
    return service_registry.principals()
