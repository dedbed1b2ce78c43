-- What the public directory of companies answered about a SIRET, so that it is asked once a day.
CREATE TABLE directory_answers (
    siret text PRIMARY KEY CHECK (siret ~ '^[0-9]{14}$'),
    -- Name, address and state of the establishment, as the directory shows them to everybody.
    answer jsonb NOT NULL CHECK (jsonb_typeof(answer) = 'object'),
    expires_at timestamptz NOT NULL
);
COMMENT ON TABLE directory_answers IS
    'Public data; says nothing of who asked. Deleted at expires_at, 24 hours after the answer.';
CREATE INDEX directory_answers_expires_at ON directory_answers (expires_at);
