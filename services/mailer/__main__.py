"""Run the mailer alone: `python -m services.mailer`."""

from services.mailer.service import SERVICE
from shared.runtime.main import main

if __name__ == "__main__":
    main(SERVICE)
