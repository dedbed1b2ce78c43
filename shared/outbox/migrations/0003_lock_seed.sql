-- What makes the numbers of this schema's advisory locks unknown to other roles.
CREATE TABLE lock_seed (
    single boolean PRIMARY KEY DEFAULT true CHECK (single),
    seed bytea NOT NULL DEFAULT uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid())
);
COMMENT ON TABLE lock_seed IS 'append-only; one row, never changed';
INSERT INTO lock_seed DEFAULT VALUES;
