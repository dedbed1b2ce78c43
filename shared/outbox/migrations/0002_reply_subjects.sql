-- The account that a stored reply is about, or the account request where there is no account yet. A
-- change of an account's password, state, address or factor deletes its stored replies.
ALTER TABLE replies ADD COLUMN subject text;
UPDATE replies
SET subject = coalesce(
    answer::jsonb -> 'reply' ->> 'account_id', answer::jsonb -> 'reply' ->> 'request_id')
WHERE answer IS NOT NULL;
CREATE INDEX replies_subject ON replies (subject) WHERE subject IS NOT NULL;
