"""The headers that every answer carries, whatever it is.

The content policy has one nonce per answer (WF-02); what browsers report against it comes back to
`/csp-rapport`.
"""

import secrets

from aiohttp import hdrs, web

REPORTS = "/csp-rapport"

POLICY = (
    "default-src 'none'; script-src 'nonce-{nonce}' 'strict-dynamic'; style-src 'self'; "
    "img-src 'self' data:; font-src 'self'; connect-src 'self'; form-action 'self'; "
    "frame-ancestors 'none'; base-uri 'none'; object-src 'none'; "
    f"report-uri {REPORTS}; report-to csp"
)
HSTS = "max-age=31536000; includeSubDomains"
FEATURES = (
    "accelerometer=(), camera=(), display-capture=(), geolocation=(), gyroscope=(), "
    "magnetometer=(), microphone=(), midi=(), payment=(), usb=()"
)
FIXED = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": FEATURES,
    "Reporting-Endpoints": f'csp="{REPORTS}"',
}


def new_nonce() -> str:
    """144 random bits for one answer."""
    return secrets.token_urlsafe(18)


def put_headers(response: web.StreamResponse, *, nonce: str, secure: bool) -> None:
    """Add the headers of every response, and remove those that name our software.

    HSTS only over https: over http browsers ignore it, or bind the name `localhost` to https for a
    year.
    """
    headers = response.headers
    for name, value in FIXED.items():
        headers[name] = value
    headers["Content-Security-Policy"] = POLICY.format(nonce=nonce)
    if secure:
        headers["Strict-Transport-Security"] = HSTS
    headers.setdefault(hdrs.CACHE_CONTROL, "no-store")
    headers.pop(hdrs.SERVER, None)
