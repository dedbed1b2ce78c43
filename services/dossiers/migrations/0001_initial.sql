-- The dossiers that other applications told us of. Accounts are known by their id. Times are UTC,
-- days those of the agency (Europe/Paris).

-- Text in the order in which people read it: numbers by their value, case and accents last.
CREATE COLLATION as_read (provider = icu, locale = 'fr-u-kn-true');

-- One row per dossier, whatever part of it is known. Each part has the version that told it, 0 where
-- none did; a column of a part that is not known is empty.
CREATE TABLE dossiers (
    -- The other application's own id.
    dossier_id text COLLATE "C" PRIMARY KEY,
    -- The state: whose it is, what it is, how far it is.
    version integer NOT NULL CHECK (version >= 1),
    account_id uuid NOT NULL,
    kind text NOT NULL CHECK (kind IN ('AI', 'DEI', 'DEC')),
    -- A code that the pages translate, or any other short text.
    status text NOT NULL CHECK (char_length(status) BETWEEN 1 AND 60),
    -- Decided or withdrawn.
    processed boolean NOT NULL,
    -- The place of its tab among those of the home page, from 0.
    tab smallint NOT NULL GENERATED ALWAYS AS (
        CASE WHEN kind = 'AI' THEN 2 ELSE 0 END + CASE WHEN processed THEN 1 ELSE 0 END) STORED,
    -- « N° de fiche ».
    number_version integer NOT NULL CHECK (number_version >= 0),
    number text NOT NULL CHECK (char_length(number) <= 50),
    number_folded text NOT NULL,
    -- What the applicant filled in. Folded columns are searched: no case, no accents.
    contents_version integer NOT NULL CHECK (contents_version >= 0),
    establishment text NOT NULL CHECK (char_length(establishment) <= 200),
    medicine text NOT NULL CHECK (char_length(medicine) <= 300),
    dosage text NOT NULL CHECK (char_length(dosage) <= 100),
    pharmaceutical_form text NOT NULL CHECK (char_length(pharmaceutical_form) <= 100),
    contents_folded text NOT NULL,
    -- `infinity` where it is not filed, so that it can be compared.
    filed_on date NOT NULL,
    -- The decision; `infinity` where there is none.
    decision_version integer NOT NULL CHECK (decision_version >= 0),
    decided_on date NOT NULL
);
COMMENT ON TABLE dossiers IS 'Kept for ever: the account''s history, also when its credentials go.';
-- One tab of one account in its usual order; with what its counts need, so that they read no row.
CREATE INDEX dossiers_account_id ON dossiers (account_id, tab, filed_on, dossier_id)
    INCLUDE (kind, status);
