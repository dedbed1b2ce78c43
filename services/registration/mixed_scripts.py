"""Whether letters belong together: Unicode Technical Standard 39, section 5. Pure.

Unicode's data say which scripts use a character. Writing systems that use several scripts have sets
of their own: Japanese letters are Han, Hiragana and Katakana.
"""

from functools import reduce

from fontTools import unicodedata

#: Writing systems of several scripts, by the scripts that they use (UTS 39, 5.1).
_WRITING_SYSTEMS = {
    "Hani": {"Hanb", "Jpan", "Kore"},
    "Hira": {"Jpan"},
    "Kana": {"Jpan"},
    "Hang": {"Kore"},
    "Bopo": {"Hanb"},
}
#: What every script uses: common signs and inherited marks.
_EVERY_SCRIPT = frozenset({"Zyyy", "Zinh"})
#: Writing systems that may be mixed with Latin letters (« highly restrictive », UTS 39, 5.2).
_WITH_LATIN = frozenset({"Hanb", "Jpan", "Kore"})


def are_mixed(text: str) -> bool:
    """Whether no single writing system has all letters of a text, not even one that mixes Latin."""
    sets = [found for char in text if (found := _augmented_scripts(char)) is not None]
    if not sets or _common(sets):
        return False
    others = [found for found in sets if "Latn" not in found]
    return not _common(others) & _WITH_LATIN


def _augmented_scripts(char: str) -> frozenset[str] | None:
    """The scripts and writing systems that use a character; None where all do."""
    scripts = frozenset(unicodedata.script_extension(char))
    if scripts & _EVERY_SCRIPT:
        return None
    return scripts.union(*(_WRITING_SYSTEMS.get(script, ()) for script in scripts))


def _common(sets: list[frozenset[str]]) -> frozenset[str]:
    return reduce(frozenset.intersection, sets)
