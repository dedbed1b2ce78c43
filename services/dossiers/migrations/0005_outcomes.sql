-- A dossier belongs to the application that published its first event: another one cannot change it.
-- Those of before are the back office's, which was the only application.
ALTER TABLE dossiers ADD COLUMN publisher text NOT NULL DEFAULT 'backoffice';

CREATE FUNCTION refuse_another_application() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the dossier belongs to another application' USING HINT = 'another_application';
END $$;
-- Before `dossiers_stay`, by its name: whose account it is, is not said to another application.
CREATE TRIGGER dossiers_of_application BEFORE UPDATE OF publisher ON dossiers FOR EACH ROW
    WHEN (old.publisher <> new.publisher) EXECUTE FUNCTION refuse_another_application();

CREATE OR REPLACE FUNCTION refuse_another_account() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF holder_of(new.account_id) = old.account_id THEN
        new.account_id := old.account_id;
        RETURN new;
    END IF;
    IF holder_of(old.account_id) = new.account_id THEN
        RETURN new;
    END IF;
    RAISE EXCEPTION 'the dossier belongs to another account' USING HINT = 'another_account';
END $$;

-- What became of each message about a dossier: `impex dossiers log`. A message that was refused and
-- then handled has two rows.
CREATE TABLE outcomes (
    -- The broker user who published it, and its id as that user wrote it.
    publisher text NOT NULL,
    message_id text NOT NULL,
    type text NOT NULL,
    -- Empty where the message could not be read.
    dossier_id text COLLATE "C" NOT NULL,
    version integer,
    outcome text NOT NULL CHECK (outcome IN ('accepted', 'older', 'refused')),
    reason text NOT NULL DEFAULT '',
    detail text NOT NULL DEFAULT '',
    at timestamptz NOT NULL
);
COMMENT ON TABLE outcomes IS 'deleted after 30 days';
-- No other index: each message writes a row, and an operator reads them now and then.
CREATE INDEX outcomes_at ON outcomes USING brin (at);
