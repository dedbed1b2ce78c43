"""Runs the profile service: `python -m services.profile`."""

from services.profile.service import SERVICE
from shared.runtime.main import main

main(SERVICE)
