-- The desk gives the dossiers of one account to another one, and can take that back. Only the functions
-- here move a dossier; the service's role calls them and changes no row of these tables itself.

CREATE TABLE transfers (
    -- The desk's own id of the act.
    id uuid PRIMARY KEY,
    from_account_id uuid NOT NULL,
    to_account_id uuid NOT NULL CHECK (to_account_id <> from_account_id),
    transferred_at timestamptz NOT NULL,
    undo_until timestamptz NOT NULL,
    undone_at timestamptz
);
COMMENT ON TABLE transfers IS 'append-only; kept for ever: where the dossiers of an account are';
CREATE INDEX transfers_from_account_id ON transfers (from_account_id, transferred_at)
    WHERE undone_at IS NULL;

CREATE TABLE transferred_dossiers (
    transfer_id uuid NOT NULL REFERENCES transfers,
    dossier_id text COLLATE "C" NOT NULL,
    PRIMARY KEY (transfer_id, dossier_id)
);
COMMENT ON TABLE transferred_dossiers IS 'append-only; what a transfer moved, to be undone';
CREATE INDEX transferred_dossiers_dossier_id ON transferred_dossiers (dossier_id);

-- The account that the first event of the dossier named. Later events go on naming it.
ALTER TABLE dossiers ADD COLUMN named_account_id uuid;
UPDATE dossiers SET named_account_id = account_id;
ALTER TABLE dossiers ALTER COLUMN named_account_id SET NOT NULL;

-- Where the dossiers of an account are now: each transfer is followed that came after the former one.
CREATE FUNCTION holder_of(account uuid) RETURNS uuid LANGUAGE plpgsql VOLATILE AS $$
DECLARE
    holder uuid := account;
    since timestamptz := '-infinity';
    next record;
BEGIN
    LOOP
        SELECT to_account_id, transferred_at INTO next FROM transfers
        WHERE from_account_id = holder AND undone_at IS NULL AND transferred_at > since
        ORDER BY transferred_at LIMIT 1;
        EXIT WHEN NOT FOUND;
        holder := next.to_account_id;
        since := next.transferred_at;
    END LOOP;
    RETURN holder;
END $$;

CREATE FUNCTION follow_transfers() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    new.named_account_id := new.account_id;
    new.account_id := holder_of(new.account_id);
    RETURN new;
END $$;
CREATE TRIGGER dossiers_follow BEFORE INSERT ON dossiers FOR EACH ROW
    EXECUTE FUNCTION follow_transfers();

-- An event may have been under way while the dossiers were moved: the dossier is where they went.
CREATE OR REPLACE FUNCTION refuse_another_account() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF holder_of(new.account_id) = old.account_id THEN
        new.account_id := old.account_id;
        RETURN new;
    END IF;
    IF holder_of(old.account_id) = new.account_id THEN
        RETURN new;
    END IF;
    RAISE EXCEPTION 'the dossier belongs to another account';
END $$;

-- Move all dossiers of an account; returns how many. Events wait meanwhile.
CREATE FUNCTION transfer_dossiers(
    transfer uuid, giver uuid, receiver uuid, moment timestamptz, deadline timestamptz)
RETURNS integer LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
    moved integer;
BEGIN
    LOCK TABLE dossiers IN SHARE ROW EXCLUSIVE MODE;
    INSERT INTO transfers (id, from_account_id, to_account_id, transferred_at, undo_until)
    VALUES (transfer, giver, receiver, moment, deadline);
    WITH gone AS (
        UPDATE dossiers SET account_id = receiver WHERE account_id = giver RETURNING dossier_id)
    INSERT INTO transferred_dossiers SELECT transfer, dossier_id FROM gone;
    GET DIAGNOSTICS moved = ROW_COUNT;
    RETURN moved;
END $$;

-- Move them back, and those that followed since; returns how many, or NULL where a later transfer has
-- moved some of them on, or the transfer is unknown, undone or too old.
CREATE FUNCTION undo_transfer(transfer uuid, moment timestamptz)
RETURNS integer LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
    done transfers;
    moved integer;
BEGIN
    LOCK TABLE dossiers IN SHARE ROW EXCLUSIVE MODE;
    SELECT * INTO done FROM transfers WHERE id = transfer AND undone_at IS NULL AND undo_until > moment
    FOR UPDATE;
    IF NOT FOUND OR EXISTS (
        SELECT FROM transfers AS later
        WHERE later.from_account_id = done.to_account_id AND later.undone_at IS NULL
            AND later.transferred_at > done.transferred_at)
    THEN
        RETURN NULL;
    END IF;
    UPDATE transfers SET undone_at = moment WHERE id = transfer;
    UPDATE dossiers SET account_id = done.from_account_id
    WHERE account_id = done.to_account_id AND (named_account_id = done.from_account_id
        OR dossier_id IN (SELECT dossier_id FROM transferred_dossiers WHERE transfer_id = transfer));
    GET DIAGNOSTICS moved = ROW_COUNT;
    RETURN moved;
END $$;
