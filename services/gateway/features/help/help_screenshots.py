"""The screenshots of the help page.

`tests/journeys/help_screenshots.py` takes them of a running portal and writes the JSON file.
"""

from pathlib import Path

from services.gateway.portal import screenshots
from services.gateway.portal.screenshots import Screenshot

#: Below `static/`: a folder for each language.
FOLDER = "images/help"
NOTES = Path(__file__).with_suffix(".json")


def load() -> dict[str, dict[str, Screenshot]]:
    """Every picture, by language and name."""
    return screenshots.load(NOTES, FOLDER)
