-- An acceptance of terms is evidence: the service adds rows and can neither change nor delete one,
-- also not with its account. Accepting the same terms again is another row.
ALTER TABLE terms_acceptances DROP CONSTRAINT terms_acceptances_pkey;
ALTER TABLE terms_acceptances ADD PRIMARY KEY (account_id, sha256, accepted_at);
ALTER TABLE terms_acceptances DROP CONSTRAINT terms_acceptances_account_id_fkey;
ALTER TABLE terms_acceptances ADD FOREIGN KEY (account_id) REFERENCES accounts;
COMMENT ON TABLE terms_acceptances IS 'append-only; evidence of what was accepted, and when';
