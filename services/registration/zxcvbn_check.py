"""zxcvbn's estimate of a password, checked last, on the server only.

zxcvbn stores words passed to it in a table of the whole process, so none are passed: the rules
check names and address already.
"""

from zxcvbn import zxcvbn

#: Of zxcvbn's scores from 0 to 4; a password below it falls to online guessing.
MIN_SCORE = 2
#: zxcvbn's time grows fast with length, and further characters make no password weaker.
MAX_CHECKED_CHARACTERS = 32


def is_too_simple(password: str) -> bool:
    """Whether the score is below the minimum. Takes milliseconds: run it in a thread."""
    return bool(zxcvbn(password[:MAX_CHECKED_CHARACTERS])["score"] < MIN_SCORE)
