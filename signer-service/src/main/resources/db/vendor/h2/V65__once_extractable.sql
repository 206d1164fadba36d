-- Whether a copy of a module's key may lie elsewhere, by the module's own words when the key came.
alter table keyring_key add column once_extractable boolean default false not null;
