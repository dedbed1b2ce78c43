-- An account whose credentials were removed after a lost phone is joined again by a code, which the
-- desk tells by telephone: the mailbox alone opens nothing (G-26).

-- The code told last, as a keyed hash bound to the account.
CREATE TABLE resumption_codes (
    account_id uuid PRIMARY KEY REFERENCES accounts ON DELETE CASCADE,
    code_hash bytea NOT NULL,
    code_key_id text NOT NULL,
    -- Wrong codes given.
    tries smallint NOT NULL DEFAULT 0 CHECK (tries >= 0),
    told_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    used_at timestamptz
);
COMMENT ON TABLE resumption_codes IS 'Secret: hashes only. Deleted a day after expires_at.';
CREATE INDEX resumption_codes_expires_at ON resumption_codes (expires_at);

-- The terms that were accepted before the code is given, and when the code was given, where the names
-- differ from those of the account and the desk compares them.
ALTER TABLE requests
    ADD COLUMN accepted_version text,
    ADD COLUMN accepted_language text CHECK (accepted_language IN ('fr', 'en')),
    ADD COLUMN accepted_sha256 text CHECK (accepted_sha256 ~ '^[0-9a-f]{64}$'),
    ADD COLUMN accepted_at timestamptz,
    ADD COLUMN held_at timestamptz,
    ADD CONSTRAINT an_acceptance_is_whole CHECK (
        (accepted_at IS NULL) = (accepted_version IS NULL)
        AND (accepted_at IS NULL) = (accepted_language IS NULL)
        AND (accepted_at IS NULL) = (accepted_sha256 IS NULL)),
    ADD CONSTRAINT a_code_follows_the_terms CHECK (held_at IS NULL OR accepted_at IS NOT NULL);
CREATE UNIQUE INDEX one_held_request ON requests (account_id) WHERE held_at IS NOT NULL AND state = 'verified';
