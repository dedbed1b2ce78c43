-- Accounts of people whom the agency knew before: they have no credentials until the person creates the
-- account with the same address and gives the code that the agency handed out.

-- When the account was imported. Until it is joined, no mailbox was verified: verified_at is that time.
ALTER TABLE accounts ADD COLUMN imported_at timestamptz;
