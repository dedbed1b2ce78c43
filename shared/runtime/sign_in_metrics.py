"""Metrics of sign-ins and second factors. Each service that checks passwords or codes counts here.

They count what was checked, also where the transaction is undone afterwards.
"""

from shared.runtime.metrics import SERVICE, counter

SIGN_INS = counter(
    "impex_sign_ins",
    "Passwords given at a sign-in, of applicants (registration) and agents (support): right, right "
    "for an account request that is not finished, right but to be replaced, wrong, or not compared "
    "because of the throttle, or because spraying was recognised.",
    service=SERVICE,
    outcome=("right", "request", "to_replace", "wrong", "throttled", "slowed"),
)
LOCKOUTS = counter(
    "impex_lockouts",
    "Waits that began after wrong passwords or wrong codes.",
    service=SERVICE,
    kind=("password", "totp", "recovery"),
)
SPRAYING_ALARMS = counter(
    "impex_spraying_alarms",
    "Networks and passwords by which password spraying was recognised, anew in each hour.",
    service=SERVICE,
    by=("network", "password"),
)
CODES = counter(
    "impex_codes",
    "Codes given: of the authenticator, recovery codes, the first code of an enrolment, and codes "
    "from mails. `used` is a right code that was given before; `throttled` was not compared.",
    service=SERVICE,
    kind=("totp", "recovery", "enrolment", "mailed"),
    outcome=("right", "wrong", "used", "expired", "throttled"),
)
ENROLMENTS = counter(
    "impex_enrolments",
    "Authenticators enrolled: the first of an account, or another one, by what allowed it.",
    service=SERVICE,
    by=("first", "phone", "recovery", "delay"),
)
