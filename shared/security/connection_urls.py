"""Which addresses of the database and the broker may be used.

Pure: judges the text of a URL, opens nothing.
"""

import ipaddress
import re
from urllib.parse import SplitResult, parse_qs, urlsplit, urlunsplit

MAX_PUSH_URL = 500
SSL_MODES = ("disable", "allow", "prefer", "require", "verify-ca", "verify-full")
PORT = "must have a port up to 65535"
#: What would end a login before its host, and show the rest of the password as a place.
SIGNS = "/ ? # [ ] @ : in its login, and @ elsewhere, written with %, such as %2F for /"
#: Signs that need no quotes in an address, in a header or in a TOML file.
PUSH_URL = re.compile(r"[A-Za-z0-9._~:/?\[\]@!$&'()*+,;=%#-]+")


def is_loopback(host: str) -> bool:
    """Whether a host name or address can only be this machine."""
    name = host.strip("[]").rstrip(".").lower()
    if name == "localhost":
        return True
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False


def _parts(url: str, schemes: tuple[str, ...]) -> SplitResult | str:
    starts = [f"{scheme}://" for scheme in schemes]
    if not url.lower().startswith(tuple(starts)):
        return f"must be an address starting with {' or '.join(starts)}"
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        return PORT
    return parts


def _with_login(url: str, schemes: tuple[str, ...]) -> SplitResult | str:
    """The parts of an address that may hold a login; a sentence where it ends too early."""
    parts = _parts(url, schemes)
    if isinstance(parts, str):
        return f"{PORT}, and {SIGNS}" if parts == PORT else parts
    cut = "@" in parts.path + parts.fragment or "@" in parts.query.partition("=")[0]
    return f"must have {SIGNS}" if cut else parts


def management_of(amqp_url: str, place: str = "") -> str:
    """The address of a broker's management API with the login of `amqp_url`: at `place`, whose own
    login is not used, else where it usually is, under the same authority."""
    parts, given = urlsplit(amqp_url), urlsplit(place)
    login = parts.netloc.rpartition("@")[0]
    if place:
        scheme, host, query = given.scheme, given.netloc.rpartition("@")[2], given.query
    else:
        scheme, port = ("https", 15671) if parts.scheme == "amqps" else ("http", 15672)
        name = parts.hostname or ""
        host, query = f"{f'[{name}]' if ':' in name else name}:{port}", parts.query
    return urlunsplit((scheme, f"{login + '@' if login else ''}{host}", "", query, ""))


def validate_administration_url(url: str) -> str | None:
    """Why this address of the management API, which may hold a login, cannot be used, or None."""
    parts = _with_login(url, ("http", "https"))
    return parts if isinstance(parts, str) else None


def authorities_file(url: str) -> str:
    """The file by which the server's certificate is judged; empty where the address names none."""
    parts = urlsplit(url)
    query = {name: texts[-1] for name, texts in parse_qs(parts.query).items()}
    if parts.scheme in ("postgresql", "postgres"):
        judges = query.get("sslmode", "").startswith(("require", "verify"))
        return query.get("sslrootcert", "") if judges else ""
    return query.get("cafile", "") if parts.scheme != "amqp" else ""


def place_of(url: str) -> str:
    """Host and port of an address, or the folder of its socket, without its login."""
    parts = urlsplit(url)
    host = parts.hostname or parse_qs(parts.query).get("host", [""])[0]
    host = f"[{host}]" if ":" in host else host
    return host if parts.port is None else f"{host}:{parts.port}"


def validate_management_url(url: str, *, try_out: bool = False) -> str | None:
    """Why this address of the management API may not be used, or None; as for the others."""
    parts = _parts(url, ("http", "https"))
    if isinstance(parts, str):
        return parts
    if parts.username or parts.password:
        return "must have no login: that of the broker URL is used"
    if try_out or parts.scheme == "https" or is_loopback(parts.hostname or ""):
        return None
    return "must start with https://, since the broker is on another machine"


def validate_push_url(url: str) -> str | None:
    """Why events may not be posted to this address, or None. It is signed as it is written."""
    parts = _parts(url, ("https",))
    if isinstance(parts, str):
        return parts
    if not url.isascii() or not PUSH_URL.fullmatch(url) or len(url) > MAX_PUSH_URL:
        return (
            f"must be at most {MAX_PUSH_URL} ASCII letters, digits and signs of an address, others "
            "written with %"
        )
    if parts.username is not None or parts.password is not None:
        return "must have no login: messages are signed instead"
    if "#" in url:
        return "must have no fragment"
    host = parts.netloc
    if not parts.hostname or host != host.lower() or host.endswith((":", ":443")):
        return "must have a host in small letters, without the usual port"
    return None if parts.path.startswith("/") else "must have a path: / at least"


def validate_database_url(url: str, *, try_out: bool = False) -> str | None:
    """Why this database URL may not be used, or None; a try-out needs no TLS (CR-05)."""
    parts = _with_login(url, ("postgresql", "postgres"))
    if isinstance(parts, str):
        return parts
    query = parse_qs(parts.query)
    if not {*query.get("sslmode", ())} <= {*SSL_MODES}:
        return f"must have one of {', '.join(SSL_MODES)} as its sslmode"
    hosts = query.get("host") or [parts.hostname or ""]
    local = all(not host or host.startswith("/") or is_loopback(host) for host in hosts)
    if try_out or local or query.get("sslmode") == ["verify-full"]:
        return None
    return "must end with ?sslmode=verify-full, since the database is on another machine"


def validate_amqp_url(url: str, *, try_out: bool = False) -> str | None:
    """Why this broker URL may not be used, or None; a try-out needs no TLS (CR-05)."""
    parts = _with_login(url, ("amqp", "amqps"))
    if isinstance(parts, str):
        return parts
    if try_out or is_loopback(parts.hostname or ""):
        return None
    if parts.scheme != "amqps":
        return "must start with amqps://, since the broker is on another machine"
    if parse_qs(parts.query).get("no_verify_ssl", ["0"]) != ["0"]:
        return "must not switch off the check of the broker's certificate (no_verify_ssl)"
    return None
