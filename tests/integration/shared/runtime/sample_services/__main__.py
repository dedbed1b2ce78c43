"""Run both in one process."""

from shared.runtime.main import main
from tests.integration.shared.runtime.sample_services.service import LISTENER, TELLER

if __name__ == "__main__":
    main(TELLER, LISTENER)
