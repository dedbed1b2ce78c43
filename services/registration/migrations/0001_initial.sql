-- Requests for an account, accounts, and what keeps strangers from asking too much. Times are UTC.

-- An identity: an address that has, or has not, credentials, and a state.
CREATE TABLE accounts (
    id uuid PRIMARY KEY,
    -- What is written to: the part before the @ as typed, the domain in ASCII.
    address text NOT NULL CHECK (octet_length(address) <= 254),
    -- What compares (RE-08); one address belongs to one account.
    address_key text NOT NULL UNIQUE,
    first_name text NOT NULL CHECK (char_length(first_name) BETWEEN 1 AND 100),
    last_name text NOT NULL CHECK (char_length(last_name) BETWEEN 1 AND 100),
    language text NOT NULL CHECK (language IN ('fr', 'en')),
    state text NOT NULL DEFAULT 'active' CHECK (state IN ('active', 'deactivated', 'frozen')),
    created_at timestamptz NOT NULL,
    verified_at timestamptz NOT NULL
);
COMMENT ON TABLE accounts IS 'Personal data: name, address. Kept while the account exists.';

-- An account without a row here cannot be signed in to, and may be asked for again.
CREATE TABLE credentials (
    account_id uuid PRIMARY KEY REFERENCES accounts ON DELETE CASCADE,
    -- argon2id of the password peppered with the key `pepper_key_id`, which is not in the database.
    password_hash text NOT NULL CHECK (password_hash LIKE '$argon2id$%'),
    pepper_key_id text NOT NULL,
    set_at timestamptz NOT NULL
);
COMMENT ON TABLE credentials IS 'Secret: hashes only.';

-- Which terms were accepted, when, and for which address (RE-13).
CREATE TABLE terms_acceptances (
    account_id uuid NOT NULL REFERENCES accounts ON DELETE CASCADE,
    version text NOT NULL,
    language text NOT NULL CHECK (language IN ('fr', 'en')),
    -- SHA-256, in hexadecimal, of the file that was shown.
    sha256 text NOT NULL CHECK (sha256 ~ '^[0-9a-f]{64}$'),
    address text NOT NULL,
    accepted_at timestamptz NOT NULL,
    PRIMARY KEY (account_id, sha256)
);

-- A request for an account, from the form to a day after the account exists.
CREATE TABLE requests (
    id uuid PRIMARY KEY,
    -- Reserved for the account to come, or that of an account without credentials.
    account_id uuid NOT NULL,
    address text NOT NULL CHECK (octet_length(address) <= 254),
    address_key text NOT NULL,
    first_name text NOT NULL CHECK (char_length(first_name) BETWEEN 1 AND 100),
    last_name text NOT NULL CHECK (char_length(last_name) BETWEEN 1 AND 100),
    language text NOT NULL CHECK (language IN ('fr', 'en')),
    state text NOT NULL DEFAULT 'pending' CHECK (state IN ('pending', 'verified', 'created')),
    -- The address has an account already: answered like any other, never proved.
    decoy boolean NOT NULL,
    password_hash text CHECK (password_hash LIKE '$argon2id$%'),
    pepper_key_id text,
    -- The code of the latest message, as a keyed hash bound to this request.
    code_hash bytea,
    code_key_id text,
    -- Wrong codes since the latest message.
    tries smallint NOT NULL DEFAULT 0 CHECK (tries >= 0),
    requested_at timestamptz NOT NULL,
    -- When the latest code and link were made, and when they run out.
    sent_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    -- When the whole request is forgotten.
    kept_until timestamptz NOT NULL,
    verified_at timestamptz,
    created_at timestamptz,
    -- The event that the latest message is written for, and what became of the message.
    mail_event_id text NOT NULL,
    mail_state text NOT NULL DEFAULT 'waiting'
        CHECK (mail_state IN ('waiting', 'accepted', 'deferred', 'refused', 'doubtful')),
    mail_at timestamptz,
    mail_next_try_at timestamptz,
    mail_reason text,
    CONSTRAINT a_decoy_is_never_proved CHECK (NOT decoy OR state = 'pending'),
    CONSTRAINT proved_is_dated CHECK ((state = 'pending') = (verified_at IS NULL)),
    CONSTRAINT created_is_dated CHECK ((state = 'created') = (created_at IS NOT NULL)),
    CONSTRAINT a_code_lives_until_the_proof CHECK ((state = 'pending') = (code_hash IS NOT NULL)),
    CONSTRAINT a_password_lives_until_the_creation
        CHECK ((state = 'created') = (password_hash IS NULL)),
    CONSTRAINT hashes_name_their_keys
        CHECK ((password_hash IS NULL) = (pepper_key_id IS NULL)
            AND (code_hash IS NULL) = (code_key_id IS NULL)),
    CONSTRAINT a_message_dies_with_its_request CHECK (expires_at <= kept_until)
);
COMMENT ON TABLE requests IS 'Personal data: name, address. Deleted at kept_until.';
CREATE INDEX requests_address_key ON requests (address_key);
CREATE INDEX requests_kept_until ON requests (kept_until);
CREATE INDEX requests_mail_event_id ON requests (mail_event_id);
-- The first one proved wins: no two requests of one address are proved at once.
CREATE UNIQUE INDEX one_proof_per_address ON requests (address_key) WHERE state = 'verified';

-- Every link ever sent for a request, as a keyed hash, so that an old one can say what it is.
CREATE TABLE links (
    link_hash bytea PRIMARY KEY,
    request_id uuid NOT NULL REFERENCES requests ON DELETE CASCADE,
    expires_at timestamptz NOT NULL,
    replaced boolean NOT NULL DEFAULT false,
    -- Wrong passwords given on the link's page.
    wrong_passwords smallint NOT NULL DEFAULT 0 CHECK (wrong_passwords >= 0)
);
CREATE INDEX links_request_id ON links (request_id);
CREATE UNIQUE INDEX one_good_link_per_request ON links (request_id) WHERE NOT replaced;

-- Moments of what is limited: account requests, further messages, wrong passwords (AU-17).
CREATE TABLE counters (
    kind text NOT NULL CHECK (kind IN ('address', 'network', 'sends', 'sign_in')),
    -- An address's compare form, or a network prefix.
    key text NOT NULL,
    moments timestamptz[] NOT NULL,
    forget_at timestamptz NOT NULL,
    PRIMARY KEY (kind, key)
);
CREATE INDEX counters_forget_at ON counters (forget_at);
