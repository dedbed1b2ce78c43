-- Which recipes, pepper key and cost, stored password hashes have: every check computes them all, so
-- that an address's own recipe does not show in the time that the check takes (AU-08).
CREATE INDEX credentials_recipe ON credentials ((pepper_key_id || '$' || split_part(password_hash, '$', 4)));
CREATE INDEX requests_recipe ON requests ((pepper_key_id || '$' || split_part(password_hash, '$', 4)));
