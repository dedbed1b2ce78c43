"""The « code de reprise »: told by telephone, typed to join an account's history again. Pure.

Twelve figures, the last of which checks the others (Verhoeff): one wrong figure, or two neighbours
exchanged, is found without a try being counted.
"""

from collections.abc import Callable

from stdnum import verhoeff

from shared.domain.typed_text import clean_number

FIGURES = 12
#: How many are told at once.
GROUP = 3
#: Letters that are taken for figures.
LOOK_ALIKES = str.maketrans("OIL|", "0111")


def make_resumption_code(below: Callable[[int], int]) -> str:
    """A new code. `below(n)` returns a random number from 0 to n - 1.

    >>> make_resumption_code(lambda n: 236)
    '000000002364'
    """
    figures = f"{below(10 ** (FIGURES - 1)):0{FIGURES - 1}d}"
    return figures + verhoeff.calc_check_digit(figures)


def read_resumption_code(typed: str) -> str | None:
    """The code in what was typed, label, blanks and hyphens aside; None for what cannot be one.

    Figures of any script are read, and letters that look like them.

    >>> read_resumption_code("000 000 002-364"), read_resumption_code("000 000 002 365")
    ('000000002364', None)
    """
    figures = clean_number("resumption_code", typed).translate(LOOK_ALIKES)
    if len(figures) != FIGURES or not (figures.isascii() and figures.isdigit()):
        return None
    return figures if verhoeff.is_valid(figures) else None


def in_groups(code: str) -> str:
    """The code as it is told and shown: in threes.

    >>> in_groups("000000002364")
    '000 000 002 364'
    """
    return " ".join(code[at : at + GROUP] for at in range(0, len(code), GROUP))
