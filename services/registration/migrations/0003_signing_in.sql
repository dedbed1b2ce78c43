-- What signing in, a forgotten password, a lost phone and « ce n'est pas moi » need.

-- `thawing`: a frozen account whose address was proved and whose password is new; it may be signed in
-- to, and its second factor makes it active again.
ALTER TABLE accounts DROP CONSTRAINT accounts_state_check;
ALTER TABLE accounts ADD CONSTRAINT accounts_state_check
    CHECK (state IN ('active', 'deactivated', 'frozen', 'thawing'));
ALTER TABLE accounts
    ADD COLUMN frozen_at timestamptz,
    -- A new password does not thaw it: the phone was stolen, or replaced shortly before.
    ADD COLUMN desk_only boolean NOT NULL DEFAULT false,
    -- The latest replacement that was heard of, in whatever order.
    ADD COLUMN phone_replaced_at timestamptz;
UPDATE accounts SET frozen_at = now() WHERE state = 'frozen';
ALTER TABLE accounts
    ADD CONSTRAINT frozen_is_dated CHECK (state NOT IN ('frozen', 'thawing') OR frozen_at IS NOT NULL);

-- How often the password was set: a rehash changes the hash and not this, so that who checked a
-- password a moment ago can tell whether it is still the one.
ALTER TABLE credentials
    ADD COLUMN changes integer NOT NULL DEFAULT 0,
    -- When it was last given right: wrong ones since then are told at the next sign-in.
    ADD COLUMN right_at timestamptz;

-- Links for a new password and links that confirm a lost phone, as keyed hashes.
CREATE TABLE mailed_links (
    link_hash bytea PRIMARY KEY,
    kind text NOT NULL CHECK (kind IN ('password', 'phone')),
    -- Keyed hash of the address's compare form, as in counters: the newer link voids the older one.
    address_hash text NOT NULL,
    -- NULL: nobody has this link, the address has no account that it could open. Not a foreign key:
    -- its check would take a time that an address without an account does not take (AU-08).
    account_id uuid,
    stolen boolean NOT NULL,
    requested_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    replaced boolean NOT NULL DEFAULT false,
    used_at timestamptz
);
COMMENT ON TABLE mailed_links IS 'Secret: hashes only. Deleted a week after expires_at.';
CREATE UNIQUE INDEX one_good_mailed_link ON mailed_links (kind, address_hash)
    WHERE NOT replaced AND used_at IS NULL;
CREATE INDEX mailed_links_account_id ON mailed_links (account_id);
CREATE INDEX mailed_links_expires_at ON mailed_links (expires_at);

-- The code that proves an account's address again (OT-13), as a keyed hash bound to the account.
CREATE TABLE address_codes (
    account_id uuid PRIMARY KEY REFERENCES accounts ON DELETE CASCADE,
    code_hash bytea NOT NULL,
    code_key_id text NOT NULL,
    -- Wrong codes given.
    tries smallint NOT NULL DEFAULT 0 CHECK (tries >= 0),
    sent_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    used_at timestamptz
);
COMMENT ON TABLE address_codes IS 'Secret: hashes only. Deleted a day after expires_at.';
CREATE INDEX address_codes_expires_at ON address_codes (expires_at);

-- The « ce n'est pas moi » links that were used: each freezes once.
CREATE TABLE disavowals (
    mail_id uuid PRIMARY KEY,
    account_id uuid NOT NULL REFERENCES accounts ON DELETE CASCADE,
    used_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL
);
COMMENT ON TABLE disavowals IS 'Deleted at expires_at: the link is worth nothing from then on.';
CREATE INDEX disavowals_expires_at ON disavowals (expires_at);

-- Wrong passwords are counted per address and network, per address, per network, and per account for
-- browsers that are known for it. What was counted per address still counts there.
ALTER TABLE counters DROP CONSTRAINT counters_kind_check;
UPDATE counters SET kind = 'sign_in_address' WHERE kind = 'sign_in';
ALTER TABLE counters ADD CONSTRAINT counters_kind_check CHECK (kind IN (
    'address', 'network', 'sends', 'codes', 'resets', 'phones', 'links_network',
    'sign_in', 'sign_in_address', 'sign_in_network', 'sign_in_known'));
COMMENT ON COLUMN counters.key IS
    'Keyed hash of an address''s compare form, perhaps with a network; a network prefix; an account.';
