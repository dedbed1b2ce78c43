-- A second address of an account, told of every recovery, and since when it is so: of two changes heard
-- in the wrong order the later one stays.
ALTER TABLE directory
    ADD COLUMN recovery_address text NOT NULL DEFAULT '',
    ADD COLUMN recovery_address_at timestamptz;
