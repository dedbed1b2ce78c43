"""Outbox, relay, inbox and kept replies."""
