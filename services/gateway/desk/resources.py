"""Where the desk's templates and static files are: its own first, then what both front ends have.

Names are unique over all folders but for the frame (`base.html`) and some parts of the shared pages
(`parts/`), which replace the portal's.
"""

from pathlib import Path

from services.gateway.portal.resources import GATEWAY

DESK = Path(__file__).resolve().parent
TEMPLATES = (
    DESK / "templates",
    *sorted((DESK / "features").glob("*/templates")),
    GATEWAY / "portal/templates",
)
STATIC = (
    GATEWAY / "static",
    DESK / "static",
    *sorted((DESK / "features").glob("*/static")),
)
