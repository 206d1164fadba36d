-- A key that is stopped here and whose worker, being away, does not know it yet.
alter table keyring_key add column rule_end_owed boolean default false not null;
