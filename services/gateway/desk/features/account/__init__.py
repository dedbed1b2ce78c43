"""One account on one page."""
