"""Screenshots on a help page: their names and sizes, from the file of their notes."""

import json
from dataclasses import dataclass
from pathlib import Path

#: Pixels of a screenshot for one CSS pixel.
SCALE = 2


@dataclass(frozen=True)
class Screenshot:
    """One picture: the name of its static file, and its size in pixels of the page."""

    file: str
    width: int
    height: int


def load(notes: Path, folder: str) -> dict[str, dict[str, Screenshot]]:
    """Every picture, by language and name; `folder` is below `static/`."""
    return {
        language: {
            name: Screenshot(
                f"{folder}/{language}/{name}.png", note["width"] // SCALE, note["height"] // SCALE
            )
            for name, note in named.items()
        }
        for language, named in json.loads(notes.read_text("utf-8")).items()
    }
