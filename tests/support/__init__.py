"""Support of tests: private servers, a controllable mail server, helpers that wait."""

from tests.support.waiting import eventually, eventually_sync

__all__ = ["eventually", "eventually_sync"]
