"""Two small services that a test runs as a real process."""
