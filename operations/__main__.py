"""`python -m operations` is `impex`."""

from operations.cli import main

main()
