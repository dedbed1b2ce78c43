-- What the desk's agents decide about an account.

-- Others may know the password, or the desk changed the address: it opens nothing until a mailed link
-- replaces it (PW-09).
ALTER TABLE credentials ADD COLUMN reset_required boolean NOT NULL DEFAULT false;

-- An account whose address was taken from it has an empty one, and its own id for a key, which no
-- address is like. Anonymised, its names are a hyphen.
ALTER TABLE accounts
    ADD COLUMN released_at timestamptz,
    ADD COLUMN anonymised_at timestamptz,
    ADD CONSTRAINT without_an_address_is_closed
        CHECK (released_at IS NULL OR state = 'deactivated' AND address = ''),
    ADD CONSTRAINT anonymised_has_no_address CHECK (anonymised_at IS NULL OR released_at IS NOT NULL);

-- An acceptance of terms cannot be changed by the service, except that the address goes from those of
-- an anonymised account.
CREATE FUNCTION delete_accepted_address(anonymised uuid) RETURNS void
    LANGUAGE sql SECURITY DEFINER SET search_path FROM CURRENT
BEGIN ATOMIC
    UPDATE terms_acceptances SET address = ''
    WHERE account_id = anonymised
        AND EXISTS (SELECT FROM accounts WHERE id = anonymised AND anonymised_at IS NOT NULL);
END;
