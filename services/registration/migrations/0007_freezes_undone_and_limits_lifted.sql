-- A freeze by the mailbox alone is undone by both factors until `undo_until`, where the account has had a
-- second factor since `second_factor_at`.
ALTER TABLE accounts
    ADD COLUMN undo_until timestamptz,
    ADD COLUMN second_factor_at timestamptz;

-- A mailed link that lifts the limits of an address, which are also counted under `quota_hash`.
ALTER TABLE mailed_links DROP CONSTRAINT mailed_links_kind_check;
ALTER TABLE mailed_links ADD CONSTRAINT mailed_links_kind_check
    CHECK (kind IN ('password', 'phone', 'unlock'));
ALTER TABLE mailed_links ADD COLUMN quota_hash text;
ALTER TABLE mailed_links ALTER COLUMN stolen SET DEFAULT false;

-- Wrong codes of mailed links that take something away.
ALTER TABLE counters DROP CONSTRAINT counters_kind_check;
ALTER TABLE counters ADD CONSTRAINT counters_kind_check CHECK (kind IN (
    'address', 'network', 'sends', 'codes', 'resets', 'phones', 'links_network',
    'sign_in', 'sign_in_address', 'sign_in_network', 'sign_in_known',
    'address_changes', 'address_change_codes', 'link_codes'));
