"""Runs the push service: `python -m services.push`."""

from services.push.service import SERVICE
from shared.runtime.main import main

main(SERVICE)
