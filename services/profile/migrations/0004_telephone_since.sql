-- Since when the telephone number is what it is: the desk calls about a lost phone only a number that
-- has been on file for a while (OT-15). Whoever changes the fields, the row keeps the time by itself.
ALTER TABLE profiles ADD COLUMN phone_since timestamptz;
UPDATE profiles SET phone_since = saved_at;
ALTER TABLE profiles ALTER COLUMN phone_since SET NOT NULL;

-- The last nine digits are the same with the national 0 and with the country's code.
CREATE FUNCTION keep_phone_since() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        NEW.phone_since := NEW.saved_at;
    ELSIF right(regexp_replace(NEW.fields ->> 'phone', '[^0-9]+', '', 'g'), 9)
        IS DISTINCT FROM right(regexp_replace(OLD.fields ->> 'phone', '[^0-9]+', '', 'g'), 9) THEN
        -- A correction by the desk does not set when the person saved.
        NEW.phone_since := CASE WHEN NEW.saved_at > OLD.saved_at THEN NEW.saved_at ELSE now() END;
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER keep_phone_since BEFORE INSERT OR UPDATE OF fields ON profiles
    FOR EACH ROW EXECUTE FUNCTION keep_phone_since();
