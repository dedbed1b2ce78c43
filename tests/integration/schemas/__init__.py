"""The whole schema of every service as text, next to the test that compares migrations with it."""
