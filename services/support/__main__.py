"""Runs support: `python -m services.support`."""

from services.support.service import SERVICE
from shared.runtime.main import main

main(SERVICE)
