"""The messages that services exchange: one module per owner. `base` defines a message."""
