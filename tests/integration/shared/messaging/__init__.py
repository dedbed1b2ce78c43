"""Events and requests over the broker."""
