-- Who invited the proposer does not approve the act, where somebody else could: two accounts that one
-- person made or steers are one person.
alter table proposals add column inviter_agent uuid;
