"""The services of the house as tests know them: by their own definitions."""

from __future__ import annotations

from operations import house
from operations.rights import Party
from shared.runtime.service import Service


def services() -> list[Service]:
    """Every service's definition."""
    return house.services()


def parties() -> tuple[Party, ...]:
    """Every service as the broker and the database see it."""
    return house.parties()
