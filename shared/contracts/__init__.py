"""The messages that services exchange: one module or package per owner.

`base` defines what a message is. Messages are imported from the module that defines them; code
that needs the complete registries of `base` calls `load_contracts` first.
"""

import importlib
import pkgutil


def load_contracts() -> None:
    """Import every contract, so that `base.EVENTS` and `base.REQUESTS` are complete."""
    for module in pkgutil.walk_packages(__path__, f"{__name__}."):
        importlib.import_module(module.name)
