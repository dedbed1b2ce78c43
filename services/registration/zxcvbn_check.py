"""Asks zxcvbn how fast a password is guessed: the server's last word after the rules (C5).

zxcvbn keeps the words it is given in a table of the whole process, so none are given: the rules
have looked for the name and the address already.
"""

from __future__ import annotations

from zxcvbn import zxcvbn

#: zxcvbn's scores go from 0 to 4; below this one a password falls to online guessing.
LEAST_SCORE = 2
#: Its time grows fast with length, and what follows cannot make a password weaker.
JUDGED_CHARACTERS = 32


def is_too_simple(password: str) -> bool:
    """Whether the password is guessed in no time. Takes milliseconds: not for the event loop."""
    return bool(zxcvbn(password[:JUDGED_CHARACTERS])["score"] < LEAST_SCORE)
