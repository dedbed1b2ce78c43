-- Accounts without a sign-in for a long time are warned, then deactivated, where a setting says so.

-- Apart from the account, whose row has indexes on names and addresses: this changes with each sign-in.
CREATE TABLE last_sign_ins (
    account_id uuid PRIMARY KEY REFERENCES accounts ON DELETE CASCADE,
    -- Password and second factor were right.
    signed_in_at timestamptz NOT NULL
);
COMMENT ON TABLE last_sign_ins IS 'Activity. Kept while the account exists.';
-- Of sign-ins before this table the second factor is not known.
INSERT INTO last_sign_ins SELECT account_id, right_at FROM credentials WHERE right_at IS NOT NULL;

CREATE TABLE dormant_accounts (
    account_id uuid PRIMARY KEY REFERENCES accounts ON DELETE CASCADE,
    -- The last sign-in, or later, when the account was made or its address verified.
    last_used_at timestamptz NOT NULL,
    warned_at timestamptz NOT NULL,
    warned_again_at timestamptz,
    deactivation_at timestamptz NOT NULL,
    -- Spared: the holder signed in. Withdrawn: the account was closed, or the rule changed.
    outcome text CHECK (outcome IN ('spared', 'deactivated', 'withdrawn')),
    ended_at timestamptz,
    CONSTRAINT an_end_is_dated CHECK ((outcome IS NULL) = (ended_at IS NULL))
);
COMMENT ON TABLE dormant_accounts IS 'Activity. Deleted a year after ended_at.';
CREATE INDEX dormant_accounts_deactivation_at ON dormant_accounts (deactivation_at) WHERE ended_at IS NULL;
CREATE INDEX dormant_accounts_ended_at ON dormant_accounts (ended_at);
