-- A dossier stays with the account of the first event that arrived. Only the owner, and so the desk's
-- administrator, moves it.
CREATE FUNCTION refuse_another_account() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the dossier belongs to another account';
END $$;
CREATE TRIGGER dossiers_stay BEFORE UPDATE OF account_id ON dossiers FOR EACH ROW
    WHEN (old.account_id <> new.account_id AND NOT pg_has_role(current_user, 'impex_owner', 'MEMBER'))
    EXECUTE FUNCTION refuse_another_account();
