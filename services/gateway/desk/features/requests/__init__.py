"""Requests of people at the desk: the queue, one request, new ones, ready-made answers."""
