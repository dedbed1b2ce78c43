"""Two names side by side: what an agent compares before two accounts of one person are joined."""

from dataclasses import dataclass
from difflib import SequenceMatcher

import msgspec

from shared.contracts.support.lost_phones import BothNames
from shared.domain.typed_text import MAX_NAME, folded_letters
from shared.i18n.catalogue import N_, translate

SAME = N_("identique")
#: Accents, capitals, hyphens, apostrophes, blanks.
ALIKE = N_("mêmes lettres, écrites autrement")
DIFFERENT = N_("différent")
FIRST_NAME, LAST_NAME = N_("Prénom"), N_("Nom")


@dataclass(frozen=True, kw_only=True)
class ComparedName:
    """One name as it is in the file and as it was given, in parts: (text, whether it differs)."""

    label: str
    kept: list[tuple[str, bool]]
    given: list[tuple[str, bool]]
    verdict: str


def compared_names(text: str, lang: str) -> list[ComparedName]:
    """First and last name of the JSON of `BothNames`, in words."""
    names = msgspec.json.decode(text, type=BothNames)
    return [
        _compared(translate(FIRST_NAME, lang), names.first_name, names.given_first_name, lang),
        _compared(translate(LAST_NAME, lang), names.last_name, names.given_last_name, lang),
    ]


def _compared(label: str, kept: str, given: str, lang: str) -> ComparedName:
    matcher = SequenceMatcher(None, kept, given, autojunk=False)
    parts: tuple[list[tuple[str, bool]], list[tuple[str, bool]]] = ([], [])
    for kind, start, end, given_start, given_end in matcher.get_opcodes():
        for shown, part in zip(parts, (kept[start:end], given[given_start:given_end]), strict=True):
            if part:
                shown.append((part, kind != "equal"))
    verdict = SAME if kept == given else ALIKE if _alike(kept, given) else DIFFERENT
    return ComparedName(
        label=label, kept=parts[0], given=parts[1], verdict=translate(verdict, lang)
    )


def _alike(kept: str, given: str) -> bool:
    """Whether registration takes them for the same name."""
    return folded_letters(kept, MAX_NAME) == folded_letters(given, MAX_NAME)
