"""Runs registration: `python -m services.registration`."""

from services.registration.service import SERVICE
from shared.runtime.service import main

main(SERVICE)
