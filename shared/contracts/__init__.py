"""The words the services exchange: one module per owner. `base` says what a message is."""
