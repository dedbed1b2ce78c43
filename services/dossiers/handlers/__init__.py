"""The handlers of the list of dossiers, by matter: one short function per message."""
