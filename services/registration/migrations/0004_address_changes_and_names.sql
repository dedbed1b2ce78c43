-- The holder changes the account's address (B-14), and their name in the complementary information.

ALTER TABLE accounts
    -- When the name was last changed: an older change that is heard later does not undo it.
    ADD COLUMN named_at timestamptz,
    -- When the address was last changed: a freeze shortly after it is the desk's to end.
    ADD COLUMN address_changed_at timestamptz;

-- A wish for another address, from its form until it is proved, given up, or a day old.
CREATE TABLE address_changes (
    account_id uuid PRIMARY KEY REFERENCES accounts ON DELETE CASCADE,
    id uuid NOT NULL,
    address text NOT NULL CHECK (octet_length(address) <= 254),
    address_key text NOT NULL,
    -- The new address has an account already: answered like any other, never proved.
    decoy boolean NOT NULL,
    -- The password that was given with the wish, hashed for the new address, and which of the
    -- account's passwords it was: with another one since, the wish is void.
    password_hash text NOT NULL CHECK (password_hash LIKE '$argon2id$%'),
    pepper_key_id text NOT NULL,
    password_changes integer NOT NULL,
    -- The code of the latest message, as a keyed hash bound to this wish.
    code_hash bytea NOT NULL,
    code_key_id text NOT NULL,
    -- Wrong codes since the latest message.
    tries smallint NOT NULL DEFAULT 0 CHECK (tries >= 0),
    requested_at timestamptz NOT NULL,
    sent_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    kept_until timestamptz NOT NULL,
    CONSTRAINT a_code_dies_with_its_wish CHECK (expires_at <= kept_until)
);
COMMENT ON TABLE address_changes IS 'Personal data: address. Deleted at kept_until.';
CREATE INDEX address_changes_kept_until ON address_changes (kept_until);

ALTER TABLE counters DROP CONSTRAINT counters_kind_check;
ALTER TABLE counters ADD CONSTRAINT counters_kind_check CHECK (kind IN (
    'address', 'network', 'sends', 'codes', 'resets', 'phones', 'links_network',
    'sign_in', 'sign_in_address', 'sign_in_network', 'sign_in_known',
    'address_changes', 'address_change_codes'));
