-- Since when name and address are as they are, where that was told after the account's creation
-- (`known_at`): of two changes heard in the wrong order the later one stays. `confirmed_at` is when
-- the complementary information was validated: the mail about that goes once.
ALTER TABLE directory
    ADD COLUMN named_at     timestamptz,
    ADD COLUMN addressed_at timestamptz,
    ADD COLUMN confirmed_at timestamptz;
