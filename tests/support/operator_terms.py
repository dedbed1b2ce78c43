"""Terms of use as an operator gives them, where a test needs some."""

from pathlib import Path

TERMS = "version: 2.1\ndate: 2026-02-01\n\n# Conditions\n\nTexte.\n"


def terms_dir(folder: Path) -> str:
    """`folder` with terms in both languages, as the value of IMPEX_TERMS_DIR."""
    for language in ("fr", "en"):
        (folder / f"{language}.md").write_text(TERMS, "utf-8")
    return str(folder)
