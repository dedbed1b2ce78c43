"""The complementary information's handlers, by matter: one short coroutine per message."""
