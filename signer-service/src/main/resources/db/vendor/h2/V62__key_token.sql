-- In which of the service's tokens a key lies. Until now there was one.
alter table keyring_key add column token varchar(16) default 'SOFTWARE' not null;
