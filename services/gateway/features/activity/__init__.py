"""What happened to the account in twelve months, and who at the support desk looked at it."""
