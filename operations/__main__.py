"""`python -m operations` is `impex`."""

from __future__ import annotations

from operations.cli import main

main()
