"""Handlers of the mfa service, by topic: one short coroutine per message."""
