-- An act that fails every time ends after so many tries; `failure` says why, empty where it was
-- carried out.
ALTER TABLE letter_acts
    ADD COLUMN tries   integer NOT NULL DEFAULT 0 CHECK (tries >= 0),
    ADD COLUMN failure text NOT NULL DEFAULT '';
