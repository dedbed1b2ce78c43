"""Runs the dossiers service: `python -m services.dossiers`."""

from services.dossiers.service import SERVICE
from shared.runtime.main import main

main(SERVICE)
