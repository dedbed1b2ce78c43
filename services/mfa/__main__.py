"""Runs the second factor: `python -m services.mfa`."""

from services.mfa.service import SERVICE
from shared.service import main

main(SERVICE)
