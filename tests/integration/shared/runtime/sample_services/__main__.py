"""Run both in one process."""

from shared.runtime.main import main
from tests.integration.shared.runtime.sample_services.service import EMITTER, SUBSCRIBER

if __name__ == "__main__":
    main(EMITTER, SUBSCRIBER)
