"""Runs the multi-factor authentication service: `python -m services.mfa`."""

from services.mfa.service import SERVICE
from shared.runtime.main import main

main(SERVICE)
