"""Messages of the second factor: enrolment, replacement, checks, recovery."""
