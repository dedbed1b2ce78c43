"""What support does with each request and event."""
