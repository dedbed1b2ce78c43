"""The whole schema of every service as text, beside the test that holds migrations to it."""
