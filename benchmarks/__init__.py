"""Measurements of speed and memory, each figure next to its baseline from the same run."""
