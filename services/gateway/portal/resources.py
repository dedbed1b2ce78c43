"""Where the portal's templates and static files are: a folder of each layer and of each feature.

Names are unique over all folders, so a template or a script is named without its feature.
"""

from pathlib import Path

GATEWAY = Path(__file__).resolve().parents[1]
TEMPLATES = (
    GATEWAY / "portal/templates",
    *sorted((GATEWAY / "features").glob("*/templates")),
)
STATIC = (GATEWAY / "static", *sorted((GATEWAY / "features").glob("*/static")))
