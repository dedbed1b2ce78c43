"""Registration's handlers, by matter: one short coroutine per message."""
