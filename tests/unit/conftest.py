"""Hypothesis checks correctness, not speed: this machine may be busy."""

from hypothesis import settings

settings.register_profile("without-deadline", deadline=None)
settings.load_profile("without-deadline")
