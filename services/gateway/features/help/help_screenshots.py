"""The pictures of our own screens that the help page shows: their names and sizes.

`tests/journeys/help_pictures.py` takes them of a running portal and writes the notes read here.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

#: Below `static/`: a folder for each language.
FOLDER = "images/help"
NOTES = Path(__file__).with_suffix(".json")
#: Dots of a picture for one pixel of the page.
SCALE = 2


@dataclass(frozen=True)
class Picture:
    """One picture: the name of its static file, and its size in pixels of the page."""

    file: str
    width: int
    height: int


def load() -> dict[str, dict[str, Picture]]:
    """Every picture, by language and name."""
    return {
        language: {
            name: Picture(
                f"{FOLDER}/{language}/{name}.png", note["width"] // SCALE, note["height"] // SCALE
            )
            for name, note in named.items()
        }
        for language, named in json.loads(NOTES.read_text("utf-8")).items()
    }
