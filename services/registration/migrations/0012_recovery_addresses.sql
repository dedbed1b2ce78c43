-- A second address of an account, told of every recovery (OT-19).
CREATE TABLE recovery_addresses (
    account_id uuid PRIMARY KEY REFERENCES accounts ON DELETE CASCADE,
    address text NOT NULL CHECK (octet_length(address) <= 254),
    verified_at timestamptz NOT NULL
);
COMMENT ON TABLE recovery_addresses IS 'Personal data: address. Kept until removed, or with the account.';

-- A wish for one, until its code is given.
CREATE TABLE recovery_address_changes (
    account_id uuid PRIMARY KEY REFERENCES accounts ON DELETE CASCADE,
    id uuid NOT NULL,
    address text NOT NULL CHECK (octet_length(address) <= 254),
    -- The code of the message, as a keyed hash bound to this wish.
    code_hash bytea NOT NULL,
    code_key_id text NOT NULL,
    -- Wrong codes.
    tries smallint NOT NULL DEFAULT 0 CHECK (tries >= 0),
    sent_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL
);
COMMENT ON TABLE recovery_address_changes IS 'Personal data: address. Deleted a day after expires_at.';
CREATE INDEX recovery_address_changes_expires_at ON recovery_address_changes (expires_at);

ALTER TABLE counters DROP CONSTRAINT counters_kind_check;
ALTER TABLE counters ADD CONSTRAINT counters_kind_check CHECK (kind IN (
    'address', 'network', 'sends', 'codes', 'resets', 'phones', 'links_network',
    'sign_in', 'sign_in_address', 'sign_in_network', 'sign_in_known',
    'address_changes', 'address_change_codes', 'link_codes', 'recovery_addresses'));
