"""Run the desk alone: `python -m services.gateway.desk`."""

from services.gateway.desk.service import SERVICE
from shared.runtime.main import main

if __name__ == "__main__":
    main(SERVICE)
