"""The search among accounts."""
