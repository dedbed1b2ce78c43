"""Cells of files for spreadsheets, none of which is carried out as a formula (IN-06). Pure."""

#: A cell that begins with one of these is a formula in some spreadsheet; wide forms included.
DANGEROUS = ("=", "+", "-", "@", "\t", "\r", "\n", "\0", "＝", "＋", "－", "＠")


def escape_formula(cell: str) -> str:
    """The cell, with a quote before what a spreadsheet would carry out.

    >>> escape_formula("=1+1"), escape_formula("Durand")
    ("'=1+1", 'Durand')
    """
    return f"'{cell}" if cell.startswith(DANGEROUS) else cell
