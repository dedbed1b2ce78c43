"""Run the gateway alone: `python -m services.gateway`."""

from services.gateway.service import SERVICE
from shared.runtime.main import main

if __name__ == "__main__":
    main(SERVICE)
