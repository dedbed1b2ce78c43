"""Which addresses of the database and the broker may be used.

Pure: judges the text of a URL, opens nothing.
"""

import ipaddress
from urllib.parse import SplitResult, parse_qs, urlsplit


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
    sentence = f"must be an address starting with {' or '.join(f'{s}://' for s in schemes)}"
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        return sentence
    return parts if parts.scheme in schemes else sentence


def validate_database_url(url: str, *, try_out: bool = False) -> str | None:
    """Why this database URL may not be used, or None; a try-out needs no TLS (CR-05)."""
    parts = _parts(url, ("postgresql", "postgres"))
    if isinstance(parts, str):
        return parts
    query = parse_qs(parts.query)
    hosts = query.get("host") or [parts.hostname or ""]
    local = all(not host or host.startswith("/") or is_loopback(host) for host in hosts)
    if try_out or local or query.get("sslmode") == ["verify-full"]:
        return None
    return "must end with ?sslmode=verify-full, since the database is on another machine"


def validate_amqp_url(url: str, *, try_out: bool = False) -> str | None:
    """Why this broker URL may not be used, or None; a try-out needs no TLS (CR-05)."""
    parts = _parts(url, ("amqp", "amqps"))
    if isinstance(parts, str):
        return parts
    if try_out or is_loopback(parts.hostname or ""):
        return None
    if parts.scheme != "amqps":
        return "must start with amqps://, since the broker is on another machine"
    if parse_qs(parts.query).get("no_verify_ssl", ["0"]) != ["0"]:
        return "must not switch off the check of the broker's certificate (no_verify_ssl)"
    return None
