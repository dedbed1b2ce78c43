"""Handlers of the profile service, by topic: one short coroutine per message."""
