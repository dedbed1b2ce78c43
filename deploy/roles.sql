-- Written by `make docs` from the code; edit there.
-- For psql as a superuser. Give every role a password afterwards, by \password.
DO $$ BEGIN CREATE ROLE impex_owner LOGIN NOINHERIT; EXCEPTION WHEN duplicate_object THEN NULL; END $$;
DO $$ BEGIN CREATE ROLE impex_dossiers LOGIN NOINHERIT; EXCEPTION WHEN duplicate_object THEN NULL; END $$;
ALTER ROLE impex_dossiers SET statement_timeout = '60s';
DO $$ BEGIN CREATE ROLE impex_mailer LOGIN NOINHERIT; EXCEPTION WHEN duplicate_object THEN NULL; END $$;
ALTER ROLE impex_mailer SET statement_timeout = '60s';
DO $$ BEGIN CREATE ROLE impex_mfa LOGIN NOINHERIT; EXCEPTION WHEN duplicate_object THEN NULL; END $$;
ALTER ROLE impex_mfa SET statement_timeout = '60s';
DO $$ BEGIN CREATE ROLE impex_profile LOGIN NOINHERIT; EXCEPTION WHEN duplicate_object THEN NULL; END $$;
ALTER ROLE impex_profile SET statement_timeout = '60s';
DO $$ BEGIN CREATE ROLE impex_registration LOGIN NOINHERIT; EXCEPTION WHEN duplicate_object THEN NULL; END $$;
ALTER ROLE impex_registration SET statement_timeout = '60s';
DO $$ BEGIN CREATE ROLE impex_gateway LOGIN NOINHERIT; EXCEPTION WHEN duplicate_object THEN NULL; END $$;
ALTER ROLE impex_gateway SET statement_timeout = '60s';
DO $$ BEGIN IF (SELECT rolsuper FROM pg_roles WHERE rolname = current_user) THEN REVOKE CONNECT, TEMPORARY ON DATABASE postgres FROM PUBLIC; END IF; END $$;
DO $$ BEGIN IF (SELECT rolsuper FROM pg_roles WHERE rolname = current_user) THEN REVOKE CONNECT, TEMPORARY ON DATABASE template1 FROM PUBLIC; END IF; END $$;
DO $$ BEGIN IF NOT (SELECT rolsuper FROM pg_roles WHERE rolname = current_user) THEN GRANT impex_owner TO CURRENT_USER; END IF; END $$;
CREATE DATABASE impex;
\connect impex
REVOKE ALL ON DATABASE "impex" FROM PUBLIC;
GRANT CONNECT ON DATABASE "impex" TO impex_owner, impex_dossiers, impex_mailer, impex_mfa, impex_profile, impex_registration, impex_gateway;
REVOKE ALL ON SCHEMA public FROM PUBLIC;
DO $$ BEGIN IF (SELECT rolsuper FROM pg_roles WHERE rolname = current_user) THEN REVOKE ALL ON FUNCTION pg_advisory_lock(bigint) FROM PUBLIC; REVOKE ALL ON FUNCTION pg_advisory_lock(integer, integer) FROM PUBLIC; REVOKE ALL ON FUNCTION pg_advisory_lock_shared(bigint) FROM PUBLIC; REVOKE ALL ON FUNCTION pg_advisory_lock_shared(integer, integer) FROM PUBLIC; REVOKE ALL ON FUNCTION pg_advisory_xact_lock(bigint) FROM PUBLIC; REVOKE ALL ON FUNCTION pg_advisory_xact_lock(integer, integer) FROM PUBLIC; REVOKE ALL ON FUNCTION pg_advisory_xact_lock_shared(bigint) FROM PUBLIC; REVOKE ALL ON FUNCTION pg_advisory_xact_lock_shared(integer, integer) FROM PUBLIC; REVOKE ALL ON FUNCTION pg_try_advisory_lock(bigint) FROM PUBLIC; REVOKE ALL ON FUNCTION pg_try_advisory_lock(integer, integer) FROM PUBLIC; REVOKE ALL ON FUNCTION pg_try_advisory_lock_shared(bigint) FROM PUBLIC; REVOKE ALL ON FUNCTION pg_try_advisory_lock_shared(integer, integer) FROM PUBLIC; REVOKE ALL ON FUNCTION pg_try_advisory_xact_lock(bigint) FROM PUBLIC; REVOKE ALL ON FUNCTION pg_try_advisory_xact_lock(integer, integer) FROM PUBLIC; REVOKE ALL ON FUNCTION pg_try_advisory_xact_lock_shared(bigint) FROM PUBLIC; REVOKE ALL ON FUNCTION pg_try_advisory_xact_lock_shared(integer, integer) FROM PUBLIC; REVOKE ALL ON FUNCTION pg_lock_status() FROM PUBLIC; REVOKE ALL ON pg_locks FROM PUBLIC; GRANT EXECUTE ON FUNCTION pg_advisory_xact_lock(bigint) TO impex_owner, impex_dossiers, impex_mailer, impex_mfa, impex_profile, impex_registration, impex_gateway; GRANT EXECUTE ON FUNCTION pg_advisory_lock(integer, integer) TO impex_owner; END IF; END $$;
CREATE SCHEMA IF NOT EXISTS dossiers AUTHORIZATION impex_owner;
GRANT USAGE ON SCHEMA dossiers TO impex_dossiers;
CREATE SCHEMA IF NOT EXISTS mailer AUTHORIZATION impex_owner;
GRANT USAGE ON SCHEMA mailer TO impex_mailer;
CREATE SCHEMA IF NOT EXISTS mfa AUTHORIZATION impex_owner;
GRANT USAGE ON SCHEMA mfa TO impex_mfa;
CREATE SCHEMA IF NOT EXISTS profile AUTHORIZATION impex_owner;
GRANT USAGE ON SCHEMA profile TO impex_profile;
CREATE SCHEMA IF NOT EXISTS registration AUTHORIZATION impex_owner;
GRANT USAGE ON SCHEMA registration TO impex_registration;
CREATE SCHEMA IF NOT EXISTS gateway AUTHORIZATION impex_owner;
GRANT USAGE ON SCHEMA gateway TO impex_gateway;
