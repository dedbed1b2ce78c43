-- Forms with a doubtful address, until the person says which address is meant: the password, which was
-- valid, is stored hashed for both addresses, so that nobody types it again.
CREATE TABLE address_questions (
    -- A token that only the page with the question has.
    id text PRIMARY KEY,
    -- The request whose address is corrected, or the account whose address is changed; neither for a
    -- new request.
    request_id uuid REFERENCES requests ON DELETE CASCADE,
    account_id uuid REFERENCES accounts ON DELETE CASCADE,
    first_name text NOT NULL CHECK (char_length(first_name) <= 100),
    last_name text NOT NULL CHECK (char_length(last_name) <= 100),
    language text NOT NULL CHECK (language IN ('fr', 'en')),
    address text NOT NULL CHECK (octet_length(address) <= 254),
    address_key text NOT NULL,
    password_hash text NOT NULL CHECK (password_hash LIKE '$argon2id$%'),
    meant_address text NOT NULL CHECK (octet_length(meant_address) <= 254),
    meant_address_key text NOT NULL,
    meant_password_hash text NOT NULL CHECK (meant_password_hash LIKE '$argon2id$%'),
    pepper_key_id text NOT NULL,
    -- Which of the account's passwords it was.
    password_changes integer NOT NULL,
    expires_at timestamptz NOT NULL
);
COMMENT ON TABLE address_questions IS 'Personal data: name, address. Deleted when answered, or at expires_at.';
CREATE INDEX address_questions_expires_at ON address_questions (expires_at);
CREATE INDEX address_questions_request_id ON address_questions (request_id);
CREATE INDEX address_questions_account_id ON address_questions (account_id);
