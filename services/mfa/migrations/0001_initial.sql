-- Authenticators, those on their way, recovery codes, wrong codes. Accounts are known by their id:
-- no address or name is kept here. Times are UTC.

-- The authenticator in force: one per account.
CREATE TABLE authenticators (
    account_id uuid PRIMARY KEY,
    -- AES-256-GCM of the key, bound to the account, under the key `key_id` of a ring that is not in
    -- the database. The length is that of a sealed key, so that a bare one cannot be stored.
    key_box text NOT NULL CHECK (char_length(key_box) = 80),
    key_id text NOT NULL,
    enrolled_at timestamptz NOT NULL,
    -- When the enrolment of the account's first authenticator was begun; replacements keep it.
    begun_at timestamptz NOT NULL,
    -- The last accepted step. It only grows: the statement that accepts a code demands it.
    last_step bigint NOT NULL CHECK (last_step > 0),
    -- Steps that were seen outside the window and never work, as long as they could come up.
    burned_steps bigint[] NOT NULL DEFAULT '{}',
    -- The latest code, where it was found outside the window: its step and how far off it was.
    stray_step bigint,
    stray_offset smallint,
    CONSTRAINT a_stray_is_measured CHECK ((stray_step IS NULL) = (stray_offset IS NULL))
);
COMMENT ON TABLE authenticators IS 'Secret: sealed keys. Kept while the account has credentials.';

-- Authenticators on their way. Several may be for one account; the first confirmed one wins.
CREATE TABLE enrolments (
    id uuid PRIMARY KEY,
    account_id uuid NOT NULL,
    -- As above; NULL once another one of the account has won.
    key_box text CHECK (char_length(key_box) = 80),
    key_id text,
    -- What allows it to replace an authenticator; NULL for an account's first.
    allowed_by text CHECK (allowed_by IN ('phone', 'recovery')),
    -- Begun again with another key, it keeps this.
    begun_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    burned_steps bigint[] NOT NULL DEFAULT '{}',
    stray_step bigint,
    stray_offset smallint,
    CONSTRAINT a_stray_is_measured CHECK ((stray_step IS NULL) = (stray_offset IS NULL)),
    CONSTRAINT a_box_names_its_key CHECK ((key_box IS NULL) = (key_id IS NULL))
);
COMMENT ON TABLE enrolments IS 'Secret: sealed keys. Deleted at expires_at.';
CREATE INDEX enrolments_account_id ON enrolments (account_id);
CREATE INDEX enrolments_expires_at ON enrolments (expires_at);

-- A list of recovery codes, while the account has an authenticator.
CREATE TABLE recovery_lists (
    account_id uuid PRIMARY KEY REFERENCES authenticators ON DELETE CASCADE,
    made_at timestamptz NOT NULL,
    -- When the person confirmed to have it.
    kept_at timestamptz
);

-- The codes that are still good. One that is used is deleted.
CREATE TABLE recovery_codes (
    account_id uuid NOT NULL REFERENCES recovery_lists ON DELETE CASCADE,
    -- HMAC-SHA-256, bound to the account, under the key `key_id`, which is not in the database.
    code_hash bytea NOT NULL CHECK (octet_length(code_hash) = 32),
    key_id text NOT NULL,
    PRIMARY KEY (account_id, code_hash)
);
COMMENT ON TABLE recovery_codes IS 'Secret: hashes only.';

-- Wrong codes of an account. They outlive its authenticator: nothing but time lifts the ceiling.
CREATE TABLE tries (
    account_id uuid NOT NULL,
    kind text NOT NULL CHECK (kind IN ('totp', 'recovery')),
    -- Moments of the day that ended with the last one.
    wrong timestamptz[] NOT NULL,
    -- Since the last right code, however long ago.
    failures integer NOT NULL CHECK (failures >= 0),
    forget_at timestamptz NOT NULL,
    PRIMARY KEY (account_id, kind)
);
CREATE INDEX tries_forget_at ON tries (forget_at);
