-- Agents whose own account an act is about, as it was when the act was proposed: they are not asked to
-- approve it. Whoever approves is compared once more with the account as it is then.
alter table proposals add column holder_agents uuid[] not null default '{}';
