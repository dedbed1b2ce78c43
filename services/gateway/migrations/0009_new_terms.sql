-- From when it binds a version of the terms that the session's account has not accepted yet.
alter table sessions add column terms_bind_at timestamptz;
