"""Suggests corrections of e-mail addresses: `gmail.com` for `gmial.com`.

Only the domain is compared, with those of mail providers common in France. Pure.
"""

#: Well-known domains, the most used first, which wins between equally near ones.
KNOWN_DOMAINS = (
    "gmail.com", "orange.fr", "hotmail.fr", "hotmail.com", "yahoo.fr", "wanadoo.fr", "free.fr",
    "sfr.fr", "laposte.net", "outlook.fr", "outlook.com", "live.fr", "icloud.com", "yahoo.com",
    "bbox.fr", "neuf.fr", "aol.com", "numericable.fr", "protonmail.com", "proton.me", "msn.com",
    "live.com", "me.com", "mac.com", "gmx.fr", "gmx.com", "club-internet.fr", "voila.fr",
    "aliceadsl.fr", "cegetel.net", "ymail.com", "mail.com", "googlemail.com", "hotmail.be",
    "skynet.be", "bluewin.ch", "gmx.de", "web.de", "ansm.sante.fr", "sante.gouv.fr",
    "hotmail.co.uk", "yahoo.co.uk", "live.be", "yahoo.de", "gmx.ch", "gmx.net", "aphp.fr",
)  # fmt: skip
#: Top-level domains that do not exist, and the one meant.
TLD_TYPOS = {
    "con": "com", "cmo": "com", "ocm": "com", "comm": "com", "vom": "com", "xom": "com",
    "ft": "fr", "rf": "fr", "frr": "fr", "nte": "net", "ner": "net", "ogr": "org", "orgg": "org",
}  # fmt: skip
#: Domains of other owners that are mistaken for a provider's.
DOMAIN_TYPOS = {"gmail.fr": "gmail.com", "icloud.fr": "icloud.com"}
#: Two edits are suggested only in a domain at least this long.
MAX_EDITS = 2
MIN_LENGTH_FOR_TWO_EDITS = 9

_KNOWN = frozenset(KNOWN_DOMAINS)


def suggest_correction(address: str) -> str | None:
    """The address that was probably meant, or None."""
    local, at, typed = address.strip().rpartition("@")
    domain = typed.lower()
    if not at or not local or domain in _KNOWN or not 4 <= len(domain) <= 64:
        return None
    meant = DOMAIN_TYPOS.get(domain) or _nearest(domain) or _fix_tld(domain)
    return None if meant is None else f"{local}@{meant}"


def _nearest(domain: str) -> str | None:
    # A greater difference in length means a greater distance.
    near = [known for known in KNOWN_DOMAINS if abs(len(known) - len(domain)) <= MAX_EDITS]
    if not near:
        return None
    distances = {known: _distance(domain, known) for known in near}
    nearest = min(near, key=lambda known: distances[known])
    most = MAX_EDITS if len(domain) >= MIN_LENGTH_FOR_TWO_EDITS and domain[0] == nearest[0] else 1
    return nearest if distances[nearest] <= most else None


def _fix_tld(domain: str) -> str | None:
    name, dot, end = domain.rpartition(".")
    if not dot or end not in TLD_TYPOS:
        return None
    return f"{name}.{TLD_TYPOS[end]}"


def _distance(typed: str, meant: str) -> int:
    """Edits between two words: a letter added, removed, changed, or two neighbours swapped."""
    before: list[int] = []
    row = list(range(len(meant) + 1))
    for i, char in enumerate(typed, 1):
        earlier, before, row = before, row, [i]
        for j, other in enumerate(meant, 1):
            cost = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (char != other))
            if i > 1 and j > 1 and char == meant[j - 2] and typed[i - 2] == other:
                cost = min(cost, earlier[j - 2] + 1)
            row.append(cost)
    return row[-1]
