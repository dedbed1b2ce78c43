"""Runs registration: `python -m services.registration`."""

from services.registration.service import SERVICE
from shared.runtime.main import main

main(SERVICE)
