"""Runs registration: `python -m services.registration`."""

from services.registration.service import SERVICE
from shared.service import main

main(SERVICE)
