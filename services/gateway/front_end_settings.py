"""The settings that the portal and the desk have in common."""

import ipaddress
from dataclasses import dataclass
from pathlib import Path

from services.gateway.http.static_files import find_dsfr
from shared.domain.brand import BrandSettings
from shared.errors import ConfigurationError
from shared.settings import Problem, setting

#: Said explicitly where no proxy stands before the gateway.
NO_PROXIES = "none"


def validate_networks(networks: tuple[str, ...]) -> str | None:
    """Why these are not networks, or None."""
    for text in networks:
        try:
            ipaddress.ip_network(text)
        except ValueError:
            return f"must be networks such as 10.0.0.0/8, which {text!r} is not"
    return None


def validate_proxies(networks: tuple[str, ...]) -> str | None:
    """Why these are neither networks nor none, or None."""
    return None if networks == (NO_PROXIES,) else validate_networks(networks)


@dataclass(frozen=True, kw_only=True)
class FrontEndSettings(BrandSettings):
    """What the portal and the desk both need to know: who they trust, how they look."""

    trusted_proxies: tuple[str, ...] = setting(
        "IMPEX_TRUSTED_PROXIES",
        default=(),
        default_doc="try-out: none; must be set elsewhere",
        doc="Networks of proxies whose X-Forwarded-For is trusted; none where clients connect "
        "directly.",
        valid=validate_proxies,
    )
    ui_theme: str = setting(
        "IMPEX_UI_THEME",
        default="",
        doc="Theme of the pages; dsfr is reserved for State services (terms in the README).",
        choices=("", "dsfr", "neutral"),
        default_doc="try-out: dsfr; must be chosen elsewhere",
    )
    logo_lines: tuple[str, ...] = setting(
        "IMPEX_LOGO_LINES",
        default=("République", "Française"),
        doc="Lines of the State's brand block, with the dsfr theme.",
    )
    dsfr_dir: Path | None = setting(
        "IMPEX_DSFR_DIR",
        default=None,
        doc="The folder dist of the package @gouvfr/dsfr.",
        default_doc="node_modules/@gouvfr/dsfr/dist of the project",
    )
    streams_per_visitor: int = setting(
        "IMPEX_STREAMS_PER_VISITOR",
        default=2,
        doc="Maximum number of live pages that one browser keeps open.",
        between=(1, 20),
    )

    @property
    def proxies(self) -> tuple[str, ...]:
        """The networks of trusted proxies."""
        return () if self.trusted_proxies == (NO_PROXIES,) else self.trusted_proxies

    @property
    def theme(self) -> str:
        """The look in force."""
        return self.ui_theme or "dsfr"

    def check(self) -> list[Problem]:
        """Off the loopback address the operator must choose the theme and name the proxies; the
        design system is where it should be.
        """
        problems: list[Problem] = []
        try:
            find_dsfr(self.dsfr_dir)
        except ConfigurationError as error:
            problems += error.problems
        if not self.try_out and not self.ui_theme:
            problems.append(("IMPEX_UI_THEME", "must be chosen: dsfr or neutral"))
        # Otherwise all clients would be the proxy's network, which a few wrong passwords lock.
        if not self.try_out and not self.trusted_proxies:
            problems.append(
                (
                    "IMPEX_TRUSTED_PROXIES",
                    "must name the proxies, or be none where clients connect directly",
                )
            )
        return problems
