"""`impex demo`: fill an account's home page, so that a newcomer sees what it is for.

The dossiers are invented, and sent as any application sends them. Done again for the same account,
it changes nothing. It is for the `impex up` of this folder only: where settings name servers, these
may be those of real people, and nothing is sent.
"""

import argparse
import os

from operations.install.paths import paths
from operations.install.progress import say
from operations.local.demo_dossiers import generate
from operations.local.state import read_running_state
from operations.operate.dossiers import show
from operations.operate.endpoints import as_service, secret
from operations.operate.publish_dossier_events import PUBLISHER, publish_all, publisher_url
from operations.provision.database_admin import run_blocking
from services.registration.account_store import find_account_id, newest_account
from shared.database import Connection
from shared.runtime.service import utc_now

#: Settings that would lead elsewhere.
SETTINGS = ("IMPEX_REGISTRATION_DATABASE_URL", PUBLISHER)


def main(options: argparse.Namespace) -> int:
    """Exit code 1 where nothing is ready here, settings lead elsewhere, or no account is found."""
    elsewhere = [name for name in SETTINGS if secret(os.environ, name) is not None]
    if elsewhere:
        say("The demo is only for what make up starts in this folder, never for real accounts.")
        say(f"Unset {' and '.join(elsewhere)}, then run this again.")
        return 1
    state = read_running_state(paths())
    if state is None:
        say("Nothing runs in this folder: start it with make up, then run this again.")
        return 1
    if not state.ready:
        say("IMPEXWEB is still starting: run this again when make up has printed its addresses.")
        return 1
    portal = state.addresses["portal"]
    found = run_blocking(as_service("registration", lambda tx: _account(tx, options.address)))
    if found is None:
        whose = f"No account has the address {options.address}."
        say(whose if options.address else "There is no account yet.")
        say(f"Open {portal}, create one as the README says, then run this again.")
        return 1
    account_id, address = found
    messages = generate(account_id, utc_now())
    run_blocking(publish_all(publisher_url(), messages))
    show(messages)
    say(f"\nNext: sign in as {address} and open {portal}/accueil.")
    return 0


async def _account(tx: Connection, address: str | None) -> tuple[str, str] | None:
    if address is None:
        return await newest_account(tx)
    account_id = await find_account_id(tx, address)
    return None if account_id is None else (account_id, address)
