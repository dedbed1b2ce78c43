"""Outbox, relay, inbox and stored replies."""
