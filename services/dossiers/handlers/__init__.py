"""The handlers of the list of dossiers, by matter: one short coroutine per message."""
