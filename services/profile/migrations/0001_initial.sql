-- What people declare about themselves and their establishment. Accounts are known by their id.
-- Times are UTC.

-- One row per account: a draft, then the same row validated and frozen. Two accounts may declare
-- one establishment; neither sees the other's row, and a SIRET grants nothing.
CREATE TABLE profiles (
    account_id uuid PRIMARY KEY,
    state text NOT NULL DEFAULT 'draft' CHECK (state IN ('draft', 'validated')),
    -- Counts the saves.
    version integer NOT NULL CHECK (version > 0),
    -- The form, key by key: as typed while a draft, as kept once validated. Readable, because the
    -- person, and the desk on their behalf, are shown it; no other service reads this schema, and
    -- on the way it is sealed. What statements ask for has a column of its own, below.
    fields jsonb NOT NULL CHECK (jsonb_typeof(fields) = 'object'),
    -- ISO 3166-1 alpha-2, where one was chosen.
    country text CHECK (country ~ '^[A-Z]{2}$'),
    -- Where it is right; what the directory knew is about this number.
    siret text CHECK (siret ~ '^[0-9]{14}$'),
    -- Once validated, what groups accounts of one establishment for the desk: `FR:<siret>`, or the
    -- country with a VAT number, an LEI or an EORI number; NULL without any of them.
    group_key text,
    -- What the public directory of companies knew of `siret`; NULL where it was not asked.
    standing text CHECK (standing IN ('found', 'closed', 'unlisted', 'deferred')),
    closed_on date,
    -- Which terms were shown beside the tick, and when it was set; NULL without the tick.
    terms_version text,
    terms_at timestamptz,
    saved_at timestamptz NOT NULL,
    validated_at timestamptz,
    CONSTRAINT validated_is_dated CHECK ((state = 'validated') = (validated_at IS NOT NULL)),
    CONSTRAINT validated_has_terms CHECK (state = 'draft' OR terms_at IS NOT NULL),
    CONSTRAINT the_tick_is_dated CHECK ((terms_version IS NULL) = (terms_at IS NULL)),
    CONSTRAINT a_standing_is_of_a_siret CHECK (standing IS NULL OR siret IS NOT NULL)
);
COMMENT ON TABLE profiles IS
    'Personal data: name, telephone, work address. Drafts are deleted when nobody touched them for
    IMPEX_DRAFT_DAYS; validated rows are kept while the account exists.';
CREATE INDEX profiles_drafts ON profiles (saved_at) WHERE state = 'draft';
CREATE INDEX profiles_group_key ON profiles (group_key) WHERE group_key IS NOT NULL;

-- The account's names as registration said them, to tell where other ones were typed.
CREATE TABLE account_names (
    account_id uuid PRIMARY KEY,
    first_name text NOT NULL,
    last_name text NOT NULL,
    -- When they were said; older news does not replace newer.
    known_at timestamptz NOT NULL
);
COMMENT ON TABLE account_names IS 'Personal data: name. Kept while the account exists.';
