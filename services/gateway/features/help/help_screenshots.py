"""The screenshots of the help page: their names and sizes.

`tests/journeys/help_screenshots.py` takes them of a running portal and writes the JSON file.
"""

import json
from dataclasses import dataclass
from pathlib import Path

#: Below `static/`: a folder for each language.
FOLDER = "images/help"
NOTES = Path(__file__).with_suffix(".json")
#: Pixels of a screenshot for one CSS pixel.
SCALE = 2


@dataclass(frozen=True)
class Screenshot:
    """One picture: the name of its static file, and its size in pixels of the page."""

    file: str
    width: int
    height: int


def load() -> dict[str, dict[str, Screenshot]]:
    """Every picture, by language and name."""
    return {
        language: {
            name: Screenshot(
                f"{FOLDER}/{language}/{name}.png", note["width"] // SCALE, note["height"] // SCALE
            )
            for name, note in named.items()
        }
        for language, named in json.loads(NOTES.read_text("utf-8")).items()
    }
