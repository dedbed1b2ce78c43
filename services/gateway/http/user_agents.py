"""The name of a browser for people: « Firefox, Windows ». A help, never evidence."""

from functools import lru_cache

from ua_parser import Domain, Parser
from ua_parser.basic import Resolver
from ua_parser.loaders import load_lazy_builtins

#: Longer ones are cut: the names of browser and system come first.
MAX_CHARACTERS = 400
UNKNOWN = "?"
#: Common names for those of the list.
SHORT_NAMES = {"Mac OS X": "macOS", "Mobile Safari": "Safari", "Chrome Mobile": "Chrome"}

# The resolver that compiles an expression when it is first tried: the compiled ones take 35 MB.
_PARSER = Parser(Resolver(load_lazy_builtins()))


@lru_cache(maxsize=1024)
def device_of(user_agent: str) -> str:
    """Browser and system, parted by a comma; `?` for what is not known. About a millisecond."""
    found = _PARSER(user_agent[:MAX_CHARACTERS], Domain.USER_AGENT | Domain.OS)
    browser = found.user_agent.family if found.user_agent else UNKNOWN
    system = found.os.family if found.os else UNKNOWN
    return ", ".join(_plain(name) for name in (browser, system))


def _plain(name: str) -> str:
    """A family's name; the list may take pieces of it from what the browser sent."""
    name = SHORT_NAMES.get(name, name)
    plain = "".join(char for char in name if char.isascii() and (char.isalnum() or char in " .-_"))
    return plain.strip()[:40] or UNKNOWN
