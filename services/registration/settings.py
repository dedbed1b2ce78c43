"""Registration's settings: URLs, keys, and every rule an operator may change (B-12).

A value out of bounds prevents the start, and so does a password hash cheaper than PW-11 allows.
Rate limits are in `limit_settings`.
"""

import os
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from services.registration.data_files import load_terms, read_texts
from services.registration.dormancy import validate_months
from services.registration.limit_settings import LimitSettings
from shared.domain.lost_phone_alone import LostPhoneAlone
from shared.errors import ConfigurationError
from shared.security.seal_keys import OpeningRing, SealingRing
from shared.security.sealing import KeyRing
from shared.settings import Problem, amqp_url_of, database_url_of, health_port_of, setting

#: The cheapest argon2id settings allowed (PW-11), in KiB and passes.
ARGON2_MINIMA = ((19_456, 2), (47_104, 1))


@dataclass(frozen=True, kw_only=True)
class RegistrationSettings(LimitSettings, LostPhoneAlone):
    """The settings of registration."""

    database_url: str = database_url_of("registration")
    amqp_url: str = amqp_url_of("registration")
    health_port: int = health_port_of("registration")
    seal_keys: OpeningRing = setting(
        "IMPEX_SEAL_KEYS_REGISTRATION",
        doc="Private keys that open what is sealed for registration.",
        secret=True,
    )
    mailer_keys: SealingRing = setting(
        "IMPEX_SEAL_KEYS_MAILER",
        doc="Public keys that seal codes and links for the mailer.",
        secret=True,
    )
    token_keys: KeyRing = setting(
        "IMPEX_TOKEN_KEYS", doc="Keys that codes and links are hashed with.", secret=True
    )
    pepper_keys: KeyRing = setting(
        "IMPEX_PEPPER_KEYS", doc="Keys that passwords are hashed with.", secret=True
    )
    gateway_keys: SealingRing = setting(
        "IMPEX_SEAL_KEYS_GATEWAY",
        doc="Public keys that seal what is held about a person for the gateway.",
        secret=True,
    )
    support_keys: SealingRing = setting(
        "IMPEX_SEAL_KEYS_SUPPORT",
        doc="Public keys that seal what is held about a person for the desk.",
        secret=True,
    )
    disavowal_keys: KeyRing = setting(
        "IMPEX_DISAVOWAL_KEYS",
        doc="Keys that sign the « ce n'est pas moi » links of mails.",
        secret=True,
    )
    password_min: int = setting(
        "IMPEX_PASSWORD_MIN",
        default=8,
        doc="Minimum length of a password.",
        unit="characters",
        between=(8, 64),
    )
    password_max: int = setting(
        "IMPEX_PASSWORD_MAX",
        default=20,
        doc="Maximum length of a password.",
        unit="characters",
        between=(20, 128),
    )
    password_mixed_case: bool = setting(
        "IMPEX_PASSWORD_MIXED_CASE",
        default=True,
        doc="Whether a password needs upper and lower case letters.",
    )
    password_lists_dir: Path | None = setting(
        "IMPEX_PASSWORD_LISTS_DIR",
        default=None,
        default_doc="built-in ones only",
        doc="Directory of *.txt lists of further words to refuse.",
    )
    argon2_memory: int = setting(
        "IMPEX_ARGON2_MEMORY_KIB",
        default=19_456,
        doc="Memory of one password hash.",
        unit="KiB",
        between=(19_456, 1_048_576),
    )
    argon2_time: int = setting(
        "IMPEX_ARGON2_TIME", default=2, doc="Passes of one password hash.", between=(1, 20)
    )
    argon2_parallelism: int = setting(
        "IMPEX_ARGON2_PARALLELISM", default=1, doc="Lanes of one password hash.", between=(1, 8)
    )
    hash_threads: int = setting(
        "IMPEX_HASH_THREADS",
        default=os.cpu_count() or 1,
        default_doc="the machine's cores",
        doc="Number of threads that hash passwords.",
        between=(1, 256),
    )
    verify_minutes: int = setting(
        "IMPEX_VERIFY_MINUTES",
        default=1_440,
        doc="Lifetime of a code and a link.",
        unit="minutes",
        between=(30, 1_440),
    )
    verify_tries: int = setting(
        "IMPEX_VERIFY_TRIES",
        default=5,
        doc="Wrong codes of a message, and wrong passwords on a link, before it is void.",
        between=(1, 10),
    )
    resend_seconds: int = setting(
        "IMPEX_RESEND_SECONDS",
        default=60,
        doc="Minimum time between two messages of a request.",
        unit="seconds",
        between=(1, 3_600),
    )
    pending_hours: int = setting(
        "IMPEX_PENDING_HOURS",
        default=48,
        doc="Retention of requests that are not verified or not completed.",
        unit="hours",
        between=(24, 48),
    )
    reset_minutes: int = setting(
        "IMPEX_RESET_MINUTES",
        default=60,
        doc="Lifetime of links for a new password and of links that confirm a lost phone; must "
        "be the same for registration and the gateway.",
        unit="minutes",
        between=(30, 1_440),
    )
    address_code_minutes: int = setting(
        "IMPEX_ADDRESS_CODE_MINUTES",
        default=10,
        doc="Lifetime of a code that verifies the address of an account again.",
        unit="minutes",
        between=(1, 10),
    )
    address_change_minutes: int = setting(
        "IMPEX_ADDRESS_CHANGE_MINUTES",
        default=60,
        doc="Lifetime of a code that verifies the new address of an account.",
        unit="minutes",
        between=(30, 1_440),
    )
    enrol_hours: int = setting(
        "IMPEX_ENROL_HOURS",
        default=24,
        doc="How long after the verification of the address a second factor may be enrolled.",
        unit="hours",
        between=(1, 72),
    )
    dormant_months: int = setting(
        "IMPEX_DORMANT_MONTHS",
        default=0,
        default_doc="0: never",
        doc="After how many months without a sign-in an account is deactivated, at least 6; its "
        "holder is warned 30 and 7 days before.",
        unit="months",
        between=(0, 120),
        valid=validate_months,
    )
    terms_dir: Path | None = setting(
        "IMPEX_TERMS_DIR",
        default=None,
        default_doc="a model text, in the try-out only",
        doc="Directory of the terms of use, fr.md and en.md.",
    )
    smtp_utf8: bool = setting(
        "IMPEX_SMTP_UTF8",
        default=False,
        doc="Whether the mail relay accepts letters outside ASCII before the @ (SMTPUTF8).",
    )

    @property
    def pending_period(self) -> timedelta:
        """How long an unfinished request lives."""
        return timedelta(hours=self.pending_hours)

    @property
    def enrol_period(self) -> timedelta:
        """How long after the address was verified a second factor may be enrolled."""
        return timedelta(hours=self.enrol_hours)

    def check(self) -> list[Problem]:
        """Check settings against each other, and the operator's terms and lists of words."""
        problems: list[Problem] = []
        if self.password_min > self.password_max:
            problems.append(("IMPEX_PASSWORD_MIN", "must not exceed IMPEX_PASSWORD_MAX"))
        cost = (self.argon2_memory, self.argon2_time)
        if not any(cost[0] >= memory and cost[1] >= passes for memory, passes in ARGON2_MINIMA):
            sentence = "must be at least 2 with less than 47104 KiB of memory"
            problems.append(("IMPEX_ARGON2_TIME", sentence))
        if self.verify_minutes > self.pending_hours * 60:
            problems.append(("IMPEX_VERIFY_MINUTES", "must not outlive IMPEX_PENDING_HOURS"))
        if not self.try_out and self.terms_dir is None:
            sentence = "is required off the loopback address: the shipped terms are a model"
            problems.append(("IMPEX_TERMS_DIR", sentence))
        for read, folder in ((load_terms, self.terms_dir), (read_texts, self.password_lists_dir)):
            try:
                read(folder)
            except ConfigurationError as error:
                problems += error.problems
        return problems
