"""Static files: a fixed list, read once, served under a URL that names their content.

The URL holds one hash of the whole set, so scripts import each other by relative names and browsers
cache everything without limit. A file that is not on the list does not exist. Pictures, which few
pages show, are read again when they are asked for; the rest is served from memory.
"""

import asyncio
import gzip
import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from aiohttp import hdrs, web

from services.gateway.http import design_system
from shared.domain.typed_text import TYPED_TEXT
from shared.errors import ConfigurationError

PROJECT = Path(__file__).resolve().parents[3]

CONTENT_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".mjs": "text/javascript; charset=utf-8",
    ".json": "application/json; charset=utf-8",
    ".svg": "image/svg+xml; charset=utf-8",
    ".txt": "text/plain; charset=utf-8",
    ".webmanifest": "application/manifest+json; charset=utf-8",
    ".ico": "image/x-icon",
    ".png": "image/png",
    ".woff2": "font/woff2",
}
#: Already compressed, or too small to gain anything.
COMPRESSED = (".png", ".woff2", ".ico")
SMALL = 512
PICTURE = ".png"
IMMUTABLE = "public, max-age=31536000, immutable"


@dataclass(frozen=True)
class Asset:
    """One file: its bytes (gzip where `gzipped`) or, of a picture, its path; type and validator."""

    body: bytes | Path
    gzipped: bool
    content_type: str
    etag: str


class Assets:
    """Every static file, by name (`css/impex.css`, `dsfr.css`)."""

    def __init__(self, folders: Sequence[Path], dsfr: Path) -> None:
        self._assets = {name: _asset(name, file) for name, file in _files(folders, dsfr)}
        self.version = _digest(self._assets)
        addressed = design_system.bundle_css(dsfr, lambda name: self._address(f"dsfr/{name}"))
        self._assets["dsfr.css"] = _asset("dsfr.css", addressed.encode())

    def _address(self, name: str) -> str:
        return f"/static/{self.version}/{name}"

    def url(self, name: str) -> str:
        """The address of a file; KeyError where the list does not have it."""
        if name not in self._assets:
            raise KeyError(f"there is no static file {name}")
        return self._address(name)

    async def serve(self, request: web.Request) -> web.StreamResponse:
        """Answer /static/<version>/<name>; only the current version is cached without limit."""
        asset = self._assets.get(request.match_info["name"])
        if asset is None:
            raise web.HTTPNotFound
        current = request.match_info["version"] == self.version
        headers = {
            hdrs.ETAG: f'"{asset.etag}"',
            hdrs.CACHE_CONTROL: IMMUTABLE if current else "no-cache",
            hdrs.VARY: hdrs.ACCEPT_ENCODING,
        }
        if any(tag.value in (asset.etag, "*") for tag in request.if_none_match or ()):
            return web.Response(status=304, headers=headers)
        headers[hdrs.CONTENT_TYPE] = asset.content_type
        body = asset.body
        if isinstance(body, Path):
            body = await _picture(body, asset.etag)
        if asset.gzipped and "gzip" in request.headers.get(hdrs.ACCEPT_ENCODING, ""):
            headers[hdrs.CONTENT_ENCODING] = "gzip"
        elif asset.gzipped:
            body = gzip.decompress(body)
        return web.Response(body=body, headers=headers)


ASSETS = web.AppKey("assets", Assets)


def data_modules() -> dict[str, bytes]:
    """What page and server know alike, as a module that scripts import."""
    return {"js/typed-text-data.mjs": b"export default " + TYPED_TEXT.strip() + b";\n"}


def _files(folders: Sequence[Path], dsfr: Path) -> Iterator[tuple[str, bytes | Path]]:
    """Ours, and of the design system the two bundles and the files that their style sheet names."""
    for folder in folders:
        for path in sorted(folder.rglob("*")):
            if path.is_file() and path.suffix in CONTENT_TYPES:
                yield path.relative_to(folder).as_posix(), path
    yield from data_modules().items()
    yield "dsfr.css", design_system.bundle_css(dsfr, lambda name: name).encode()
    yield "dsfr.mjs", design_system.bundle_js(dsfr).encode()
    for name in design_system.dsfr_files(dsfr):
        yield f"dsfr/{name}", dsfr / name


def _digest(assets: dict[str, Asset]) -> str:
    lines = "".join(f"{name} {assets[name].etag}\n" for name in sorted(assets))
    return hashlib.sha256(lines.encode()).hexdigest()[:16]


def _asset(name: str, file: bytes | Path) -> Asset:
    raw = file.read_bytes() if isinstance(file, Path) else file
    suffix = PurePosixPath(name).suffix
    packed = suffix not in COMPRESSED and len(raw) > SMALL
    return Asset(
        body=file if suffix == PICTURE else gzip.compress(raw, 9, mtime=0) if packed else raw,
        gzipped=packed,
        content_type=CONTENT_TYPES[suffix],
        etag=_etag(raw),
    )


def _etag(raw: bytes) -> str:
    return hashlib.sha256(raw).hexdigest()[:32]


async def _picture(path: Path, etag: str) -> bytes:
    """A picture's bytes; HTTPNotFound where another release has replaced the file meanwhile."""
    try:
        body = await asyncio.to_thread(path.read_bytes)
    except FileNotFoundError:
        body = b""
    if _etag(body) != etag:
        raise web.HTTPNotFound
    return body


def find_dsfr(setting: Path | None) -> Path:
    """The design system's folder; ConfigurationError where it is not installed."""
    usual = [at / "node_modules/@gouvfr/dsfr/dist" for at in (Path.cwd(), PROJECT)]
    folders = [setting] if setting else usual
    for folder in folders:
        if (folder / design_system.DSFR_CSS[0]).is_file():
            return folder
    where = " nor in ".join(str(folder) for folder in folders)
    sentence = f"is where @gouvfr/dsfr should be, and it is not in {where}"
    raise ConfigurationError([("IMPEX_DSFR_DIR", sentence)])
