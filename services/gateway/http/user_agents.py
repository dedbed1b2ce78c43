"""What a browser says it is, as a person reads it: « Firefox, Windows ». Help, never a proof."""

from __future__ import annotations

from functools import lru_cache

from ua_parser import Domain, Parser
from ua_parser.basic import Resolver
from ua_parser.loaders import load_lazy_builtins

#: Longer ones are cut: what names browser and system stands at the front.
LONGEST = 400
UNKNOWN = "?"
#: Names that the list writes for machines.
SHORT = {"Mac OS X": "macOS", "Mobile Safari": "Safari", "Chrome Mobile": "Chrome"}

# The resolver that compiles an expression when it is first tried: the compiled ones take 35 MB.
_PARSER = Parser(Resolver(load_lazy_builtins()))


@lru_cache(maxsize=1024)
def device_of(user_agent: str) -> str:
    """Browser and system, parted by a comma; `?` for what is not known. About a millisecond."""
    found = _PARSER(user_agent[:LONGEST], Domain.USER_AGENT | Domain.OS)
    browser = found.user_agent.family if found.user_agent else UNKNOWN
    system = found.os.family if found.os else UNKNOWN
    return ", ".join(_plain(name) for name in (browser, system))


def _plain(name: str) -> str:
    """A family's name; the list may take pieces of it from what the browser sent."""
    name = SHORT.get(name, name)
    kept = "".join(char for char in name if char.isascii() and (char.isalnum() or char in " .-_"))
    return kept.strip()[:40] or UNKNOWN
