-- What an account's export and its anonymisation look for.
CREATE INDEX requests_account_id ON requests (account_id);
