"""What is a domain and what is not, by the Public Suffix List. Pure."""

import re

from publicsuffixlist import PublicSuffixList

_SUFFIXES = PublicSuffixList(accept_unknown=False, only_icann=True)
#: A shorter name is an initial: « J.Li ».
_MIN_LABEL = 2
_EVIDENT = re.compile(r"\w*://|\bwww\.[\w-]+", re.IGNORECASE)
_HOST = re.compile(r"\w[\w-]*(?:\.[\w-]+)+")


def top_level_domain(domain: str) -> str | None:
    """The last label of a domain in lower case, or None where there is no such ending."""
    top = domain.rpartition(".")[2].lower()
    return top if "." in domain and _SUFFIXES.publicsuffix(top) else None


def find_web_address(text: str) -> str | None:
    """What mail programs would make a link of, as it was typed, or None."""
    evident = _EVIDENT.search(text)
    if evident is not None:
        return evident[0]
    return next((host for host in _HOST.findall(text) if _is_host(host)), None)


def _is_host(text: str) -> bool:
    """Whether a name stands in front of a suffix that exists: `bit.ly`, not `J.Li`."""
    host = text.lower()
    suffix = _SUFFIXES.publicsuffix(host)
    if suffix is None:
        return False
    before = host.removesuffix(suffix).rstrip(".") or host.rpartition(".")[0]
    return len(before.rpartition(".")[2]) >= _MIN_LABEL
