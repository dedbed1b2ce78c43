"""`impex texts`: bring the English catalogue up to date with the French texts of the code.

New texts are added without a translation, those that the code no longer has are removed.
`babel.cfg` names the files that are read. With `--check` nothing is written.
"""

import argparse
import io
import os
from collections.abc import Iterable

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract_from_dir
from babel.messages.frontend import parse_mapping_cfg
from babel.messages.pofile import read_po, write_po

from operations.install.paths import ROOT
from operations.printing import say
from shared.i18n.catalogue import TRANSLATIONS

FOLDERS = ("services", "shared")
ENGLISH = TRANSLATIONS / "en.po"
#: The calls that hold a text, with the places of its forms.
KEYWORDS = {
    "_": None,
    "N_": None,
    "translate": None,
    "ngettext": (1, 2),
    "Plural": (1, 2),
    "translate_plural": (1, 2),
}
HEADER = """\
# English texts of pages and mails; each key is the French text of the code. `make texts` adds the
# new keys and removes the unused ones: only the translations are written by hand.
msgid ""
msgstr ""
"Project-Id-Version: IMPEXWEB\\n"
"Language: en\\n"
"Plural-Forms: nplurals=2; plural=(n != 1);\\n"
"MIME-Version: 1.0\\n"
"Content-Type: text/plain; charset=utf-8\\n"
"Content-Transfer-Encoding: 8bit\\n"

"""


def main(options: argparse.Namespace) -> int:
    """Write the catalogue; with `--check`, exit with 1 where it is out of date or incomplete."""
    catalogue = up_to_date()
    text = written(catalogue)
    if text != ENGLISH.read_text(encoding="utf-8"):
        if options.check:
            say(f"out of date: {ENGLISH.relative_to(ROOT)}; `make texts` writes it")
            return 1
        ENGLISH.write_text(text, encoding="utf-8")
        say(f"wrote {ENGLISH.relative_to(ROOT)}")
    missing = [one for one in messages(catalogue) if not all(forms(one.string))]
    for message in missing:
        say(f"to translate in {ENGLISH.relative_to(ROOT)}: {forms(message.id)[0]}")
    return 1 if missing and options.check else 0


def extracted() -> Catalog:
    """Every French text of the code, in the order of the files."""
    with (ROOT / "babel.cfg").open(encoding="utf-8") as file:
        methods, options = parse_mapping_cfg(file)  # type: ignore[no-untyped-call]
    found = extract_from_dir(ROOT, methods, options, KEYWORDS, directory_filter=_is_read)
    catalogue = Catalog()
    for _, _, text, _, _ in found:
        catalogue.add(text)
    return catalogue


def up_to_date() -> Catalog:
    """The English catalogue with exactly the texts of the code and their known translations."""
    with ENGLISH.open("rb") as file:
        catalogue = read_po(file, locale="en")
    catalogue.update(extracted(), no_fuzzy_matching=True)
    return catalogue


def written(catalogue: Catalog) -> str:
    """The catalogue as its file has it: sorted, each text in one line."""
    body = io.BytesIO()
    write_po(body, catalogue, width=0, omit_header=True, sort_output=True, ignore_obsolete=True)
    return HEADER + body.getvalue().decode("utf-8")


def forms(text: str | Iterable[str] | None) -> list[str]:
    """A text's one form, or its singular and plural."""
    return [text] if isinstance(text, str) else list(text or ("",))


def messages(catalogue: Catalog) -> list[Message]:
    """The texts of a catalogue without its header."""
    return [message for message in catalogue if message.id]


def _is_read(folder: str) -> bool:
    path = os.path.relpath(folder, ROOT).split(os.sep)
    return path[0] in FOLDERS and not path[-1].startswith(".")
