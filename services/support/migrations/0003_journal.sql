-- The journal: every event of every service, and what agents do, search and look at. Rows are added
-- and read, never changed; the functions below are the only way to delete, and delete no more than
-- they say. Every row bears a code under a key that is not in the database. Times are UTC.

CREATE TABLE journal_entries (
    -- In the order of writing, with gaps.
    number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    -- The event's id.
    id uuid NOT NULL UNIQUE,
    account_id uuid,
    -- The agent who did it.
    agent_id uuid,
    type text NOT NULL,
    section text NOT NULL CHECK (section IN ('account', 'security', 'agents', 'mails', 'dossiers')),
    at timestamptz NOT NULL,
    heard_at timestamptz NOT NULL,
    -- Deleted a year after `at`; otherwise kept.
    expires boolean NOT NULL,
    -- A JSON object, as text because the code covers its letters. Nothing about a person.
    public text NOT NULL,
    -- SHA-256 of salt and values of `journal_values`.
    values_digest bytea CHECK (octet_length(values_digest) = 32),
    key_id text NOT NULL,
    -- HMAC-SHA-256 of the row but `number`, by the process that wrote it.
    mac bytea NOT NULL CHECK (octet_length(mac) = 32)
);
COMMENT ON TABLE journal_entries IS 'append-only; rows that expire are deleted by journal_purge';
CREATE INDEX journal_entries_account ON journal_entries
    (account_id, at DESC, number DESC, section) WHERE account_id IS NOT NULL;
CREATE INDEX journal_entries_agent ON journal_entries (agent_id, number DESC)
    WHERE agent_id IS NOT NULL;
CREATE INDEX journal_entries_desk ON journal_entries (number DESC) WHERE section = 'agents';
CREATE INDEX journal_entries_at ON journal_entries USING brin (at);

-- What entries say about people, apart from them: it can go, and the entry stays.
CREATE TABLE journal_values (
    entry_number bigint PRIMARY KEY,
    salt bytea NOT NULL CHECK (octet_length(salt) = 16),
    -- A JSON object, as text because the digest covers its letters.
    "values" text NOT NULL
);
COMMENT ON TABLE journal_values IS
    'append-only; deleted with its entry, or by journal_erase once the account is anonymised';

-- One per entry, without gaps: the chain.
CREATE TABLE journal_links (
    number bigint PRIMARY KEY CHECK (number > 0),
    entry_number bigint NOT NULL UNIQUE,
    entry_mac bytea NOT NULL CHECK (octet_length(entry_mac) = 32),
    account_id uuid,
    -- Counts within the account, from 1; 0 without one.
    account_number bigint NOT NULL,
    -- The number of the account's link before; 0 for its first.
    previous bigint NOT NULL,
    -- From then on the entry may be gone.
    expires_at timestamptz,
    key_id text NOT NULL,
    -- HMAC-SHA-256 of the row and of the code of the link before.
    mac bytea NOT NULL CHECK (octet_length(mac) = 32)
);
COMMENT ON TABLE journal_links IS 'append-only; kept for ever, without anything about a person';
CREATE UNIQUE INDEX journal_links_account ON journal_links (account_id, account_number DESC)
    WHERE account_id IS NOT NULL;

-- How far the chain went, hour by hour.
CREATE TABLE journal_anchors (
    at timestamptz PRIMARY KEY,
    number bigint NOT NULL,
    link_mac bytea NOT NULL CHECK (octet_length(link_mac) = 32),
    key_id text NOT NULL,
    mac bytea NOT NULL CHECK (octet_length(mac) = 32)
);
COMMENT ON TABLE journal_anchors IS 'append-only; kept for ever';

-- One row, locked by the process that links entries at the moment. Entries up to `done` have links,
-- but for the numbers in `gaps`: transactions that took one and had not ended at `gap_since`.
CREATE TABLE journal_chaining (
    single boolean PRIMARY KEY DEFAULT true CHECK (single),
    done bigint NOT NULL DEFAULT 0,
    gaps bigint[] NOT NULL DEFAULT '{}',
    gap_since timestamptz[] NOT NULL DEFAULT '{}',
    verified_at timestamptz
);
INSERT INTO journal_chaining DEFAULT VALUES;

-- Looks that the person sees later, because an auditor said so.
CREATE TABLE journal_deferred_looks (
    entry_id uuid PRIMARY KEY,
    deferred_by uuid NOT NULL,
    deferred_at timestamptz NOT NULL,
    until timestamptz NOT NULL CHECK (until > deferred_at)
);
COMMENT ON TABLE journal_deferred_looks IS 'append-only; kept as long as the journal';

-- Exports that two people agreed to: what may be downloaded, not the file.
CREATE TABLE journal_exports (
    -- That of its proposal.
    id uuid PRIMARY KEY,
    first_day date NOT NULL,
    last_day date NOT NULL CHECK (last_day >= first_day),
    reason text NOT NULL,
    proposed_by uuid NOT NULL,
    approved_by uuid NOT NULL CHECK (approved_by <> proposed_by),
    -- Later entries are not in it.
    up_to bigint NOT NULL,
    made_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL
);
COMMENT ON TABLE journal_exports IS 'Deleted at expires_at, after seven days.';

-- Deletes up to `batch` entries, with their values, that happened more than 365 days ago by this
-- server's clock and are not kept. Their links stay. An entry without a link waits for it.
CREATE FUNCTION journal_purge(batch integer) RETURNS bigint
LANGUAGE sql SECURITY DEFINER SET search_path = support, pg_temp AS $$
    WITH gone AS (
        DELETE FROM journal_entries
        WHERE number IN (
            SELECT entry.number FROM journal_entries AS entry
            WHERE entry.expires AND entry.at <= now() - interval '365 days'
                AND EXISTS (SELECT FROM journal_links WHERE entry_number = entry.number)
            LIMIT batch)
        RETURNING number),
    emptied AS (DELETE FROM journal_values WHERE entry_number IN (SELECT number FROM gone))
    SELECT count(*) FROM gone
$$;

-- Deletes the values of an account's entries of before it was anonymised, which an entry must say.
CREATE FUNCTION journal_erase(account uuid) RETURNS bigint
LANGUAGE sql SECURITY DEFINER SET search_path = support, pg_temp AS $$
    WITH ordered AS (
        SELECT max(number) AS number, max(at) AS at FROM journal_entries
        WHERE account_id = account AND type = 'support.AnonymisationOrdered.v1'),
    gone AS (
        DELETE FROM journal_values
        WHERE entry_number IN (
            SELECT entry.number FROM journal_entries AS entry, ordered
            WHERE entry.account_id = account
                AND (entry.number < ordered.number OR entry.at <= ordered.at))
        RETURNING entry_number)
    SELECT count(*) FROM gone
$$;
