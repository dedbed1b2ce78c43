-- A proof that mfa accepted an agent's code counts once. Its number is kept until the proof is too old.
create table used_code_proofs (
    nonce text primary key,
    expires_at timestamptz not null
);
create index on used_code_proofs (expires_at);
