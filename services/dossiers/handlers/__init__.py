"""Handlers of the dossiers service, by topic: one short function per message."""
