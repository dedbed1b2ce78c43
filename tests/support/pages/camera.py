"""Takes the pictures of help pages, each only where the screen has changed."""

import io
import json
from dataclasses import dataclass

from PIL import Image
from playwright.async_api import Locator, Page

from services.gateway.portal.screenshots import SCALE
from tests.support.pages.help_catalogue import Catalogue, Picture, digest_of

AROUND = 24
#: Flat drawings: so many colours are enough, text edges included.
COLOURS = 32
STILL = """async () => {
  document.activeElement?.blur();
  scrollTo(0, 0);
  await document.fonts.ready;
}"""


@dataclass
class Camera:
    """Takes and saves pictures of one language."""

    catalogue: Catalogue
    page: Page
    language: str

    async def take(
        self,
        name: str,
        part: Locator | None = None,
        until: Locator | None = None,
        around: int = AROUND,
    ) -> None:
        """A picture of a part of the page, down to the end of `until`, where given.

        Skipped where the existing one is current.
        """
        known = next(one for one in self.catalogue.pictures if one.name == name)
        if self.catalogue.is_current(known, self.language):
            return
        await self.page.evaluate(STILL)
        part = part or self.page.locator("main .impex-text").first
        box = await part.bounding_box()
        assert box is not None, name
        bottom = box["y"] + box["height"]
        if until is not None:
            end = await until.bounding_box()
            assert end is not None, name
            bottom = end["y"] + end["height"]
        clip = {
            "x": box["x"] - around,
            "y": box["y"] - around,
            "width": box["width"] + 2 * around,
            "height": bottom - box["y"] + 2 * around,
        }
        taken = await self.page.screenshot(full_page=True, clip=clip, animations="disabled")  # type: ignore[arg-type]
        self._save(known, taken)

    def _save(self, known: Picture, taken: bytes) -> None:
        picture = Image.open(io.BytesIO(taken)).convert("RGB")
        # Whole pixels of the page, so that the page shows it without scaling.
        size = tuple(side // SCALE * SCALE for side in picture.size)
        small = picture.crop((0, 0, *size)).quantize(COLOURS, dither=Image.Dither.NONE)
        path = self.catalogue.path(self.language, known.name)
        path.parent.mkdir(parents=True, exist_ok=True)
        small.save(path, optimize=True)
        notes = self.catalogue.notes()
        notes.setdefault(self.language, {})[known.name] = {
            "width": size[0],
            "height": size[1],
            "file": digest_of(path),
            "shows": self.catalogue.shown(known, self.language),
        }
        text = json.dumps(notes, indent=1, sort_keys=True)
        self.catalogue.notes_file.write_text(text + "\n", "utf-8")
