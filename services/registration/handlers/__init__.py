"""Registration's handlers: one coroutine per message, one module per topic."""
