"""Requests to the support desk as their person follows them, signed in or by a mailed link."""
