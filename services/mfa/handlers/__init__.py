"""The second factor's handlers, by matter: one short coroutine per message."""
