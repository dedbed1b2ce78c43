"""Facts and requests over the broker."""
