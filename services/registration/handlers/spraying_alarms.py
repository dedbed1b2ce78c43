"""What follows from password spraying: one alarm, and a slower door for strangers (AU-11)."""

from typing import get_args

from services.registration.deps import Deps
from services.registration.settings import RegistrationSettings
from services.registration.spraying import MAX_ADDRESSES_PER_PASSWORD, By, SprayingWatch
from shared.contracts.base import Refusal
from shared.contracts.registration.events import OWNER
from shared.messaging.handlers import Refused
from shared.runtime.sign_in_metrics import SIGN_INS, SPRAYING_ALARMS
from shared.runtime.telemetry import get_logger

log = get_logger("registration")


def watch_spraying(settings: RegistrationSettings) -> SprayingWatch:
    """The watch of this process. In the try-out, where all come from this machine, there is none
    to watch.
    """

    def network_quota(network: str) -> int | None:
        quota = settings.sign_ins_quota(network)
        return None if quota is None else quota.limit

    for by in get_args(By):
        SPRAYING_ALARMS.labels(OWNER, by)
    return SprayingWatch(network_quota, None if settings.try_out else MAX_ADDRESSES_PER_PASSWORD)


def slowed(wait: int) -> Refused:
    """The refusal of a stranger's password until it is its turn, `wait` seconds from now, as the
    throttle does, whatever address it is for."""
    SIGN_INS.labels(OWNER, "slowed").inc()
    log.info("A sign-in is slowed down.", action="sign_in_slowed", wait=wait)
    return Refused(Refusal(slug="too_many_tries", retry_after=wait))


def count_wrong(deps: Deps, network: str, address_key: str, password: str) -> None:
    """A stranger's password was wrong; one line an hour says that spraying was recognised."""
    for alarm in deps.spraying.record_wrong(network, address_key, password, deps.clock()):
        SPRAYING_ALARMS.labels(OWNER, alarm.by).inc()
        if alarm.first:
            log.warning(
                "Passwords are tried on many addresses; strangers are slowed down for the hour.",
                action="authn_spraying",
                by=alarm.by,
                addresses=alarm.addresses,
                network=network if alarm.by == "network" else None,
            )
