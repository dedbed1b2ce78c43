"""Runs the mailer: `python -m services.mailer`."""

from services.mailer.service import SERVICE
from shared.runtime.main import main

main(SERVICE)
