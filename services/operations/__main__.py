"""Runs the operations service: `python -m services.operations`."""

from services.operations.service import SERVICE
from shared.runtime.main import main

main(SERVICE)
