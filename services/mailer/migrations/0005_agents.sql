-- The desk's agents are in the directory too, so that a notice about an agent's second factor is told
-- apart from one about an account that is not known yet.
alter table directory add column agent boolean not null default false;
