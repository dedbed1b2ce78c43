"""Settings of support: connections, keys, who may be an agent, passwords of agents."""

import os
import re
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from services.support.proposals import Delays
from shared.domain.answer_days import AnswerDays
from shared.domain.lost_phone_alone import LostPhoneAloneDelay
from shared.security.seal_keys import OpeningRing, SealingRing
from shared.security.sealing import KeyRing
from shared.settings import (
    Problem,
    amqp_url_of,
    database_url_of,
    health_port_of,
    setting,
)

DOMAIN = re.compile(r"(?=.{4,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63}")


def validate_domains(domains: tuple[str, ...]) -> str | None:
    """Why these are not domains of addresses, or None."""
    for text in domains:
        if not DOMAIN.fullmatch(text.lower()):
            return f"must be domains such as ansm.sante.fr, which {text!r} is not"
    return None


@dataclass(frozen=True, kw_only=True)
class SupportSettings(AnswerDays, LostPhoneAloneDelay):
    """Settings of support."""

    database_url: str = database_url_of("support")
    amqp_url: str = amqp_url_of("support")
    health_port: int = health_port_of("support")
    seal_keys: OpeningRing = setting(
        "IMPEX_SEAL_KEYS_SUPPORT",
        doc="Private keys that open what is sealed for support.",
        secret=True,
    )
    mailer_keys: SealingRing = setting(
        "IMPEX_SEAL_KEYS_MAILER",
        doc="Public keys that seal codes and links for the mailer.",
        secret=True,
    )
    gateway_keys: SealingRing = setting(
        "IMPEX_SEAL_KEYS_GATEWAY",
        doc="Public keys that seal data for the gateway's pages.",
        secret=True,
    )
    registration_keys: SealingRing = setting(
        "IMPEX_SEAL_KEYS_REGISTRATION",
        doc="Public keys that seal addresses and names for registration.",
        secret=True,
    )
    profile_keys: SealingRing = setting(
        "IMPEX_SEAL_KEYS_PROFILE",
        doc="Public keys that seal corrections for profile.",
        secret=True,
    )
    desk_keys: SealingRing = setting(
        "IMPEX_SEAL_KEYS_DESK",
        doc="Public keys that seal what agents read for the desk's pages.",
        secret=True,
    )
    journal_keys: KeyRing = setting(
        "IMPEX_JOURNAL_KEYS",
        doc="Keys that chain the journal. A key that was used stays in the ring for good.",
        secret=True,
    )
    journal_anchors_file: Path | None = setting(
        "IMPEX_JOURNAL_ANCHORS_FILE",
        default=None,
        doc="File that the journal's anchors are appended to every hour, to be copied elsewhere.",
    )
    code_proof_keys: KeyRing = setting(
        "IMPEX_CODE_PROOF_KEYS",
        doc="Keys that mfa signs proofs of agents' codes with; the desk must not have them.",
        secret=True,
    )
    token_keys: KeyRing = setting(
        "IMPEX_SUPPORT_TOKEN_KEYS",
        doc="Keys that links for agents and limits are hashed with.",
        secret=True,
    )
    pepper_keys: KeyRing = setting(
        "IMPEX_SUPPORT_PEPPER_KEYS",
        doc="Keys that agents' passwords are hashed with.",
        secret=True,
    )
    agent_domains: tuple[str, ...] = setting(
        "IMPEX_AGENT_DOMAINS",
        default=(),
        default_doc="try-out: any; must be set elsewhere",
        doc="Domains of agents' e-mail addresses.",
        valid=validate_domains,
    )
    agent_hash_threads: int = setting(
        "IMPEX_SUPPORT_HASH_THREADS",
        default=os.cpu_count() or 1,
        default_doc="the machine's cores",
        doc="Number of threads that hash agents' passwords.",
        between=(1, 256),
    )

    daily_searches: int = setting(
        "IMPEX_DAILY_SEARCHES",
        default=200,
        doc="Number of searches that an agent makes in a day before a supervisor must agree; each "
        "agreement allows as many again.",
        between=(10, 10_000),
    )
    request_days: int = setting(
        "IMPEX_REQUEST_DAYS",
        default=730,
        doc="Retention of requests to the support desk after their end.",
        unit="days",
        between=(60, 3_650),
    )

    sensitive_minutes: int = setting(
        "IMPEX_SENSITIVE_CHANGE_DELAY",
        default=4_320,
        doc="How long an approved change of address, name or telephone, an unblocking, a "
        "reactivation, a transfer or an anonymisation waits; its holder may object meanwhile.",
        unit="minutes",
        between=(1, 43_200),
    )
    lost_phone_minutes: int = setting(
        "IMPEX_LOST_PHONE_DELAY",
        default=1_440,
        doc="How long an approved removal of a lost phone waits.",
        unit="minutes",
        between=(1, 43_200),
    )
    single_agent: bool = setting(
        "IMPEX_SINGLE_AGENT",
        default=False,
        doc="Whether an agent acts alone where the desk has nobody else who could approve; the act "
        "then waits for 72 hours at least, and auditors are told.",
    )

    @property
    def lost_phone_alone_period(self) -> timedelta:
        """How long a lost phone waits without an agent."""
        return timedelta(minutes=self.lost_phone_alone_minutes)

    @property
    def act_delays(self) -> Delays:
        """How long approved acts wait."""
        return Delays(
            sensitive=timedelta(minutes=self.sensitive_minutes),
            lost_phone=timedelta(minutes=self.lost_phone_minutes),
            single_agent=self.single_agent,
        )

    def check(self) -> list[Problem]:
        """Off the loopback address the operator says whose addresses agents have."""
        problems = super().check()
        if not self.try_out and not self.agent_domains:
            problems.append(("IMPEX_AGENT_DOMAINS", "is required off the loopback address"))
        return problems
