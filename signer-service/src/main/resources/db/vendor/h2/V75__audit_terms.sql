-- What a record is about, to find it by: people, requests, builds, digests. Made from the records,
-- behind them; no evidence, and made again when it is emptied.
create table audit_term (
  term varchar(160) not null,
  position bigint not null,
  primary key (term, position)
);

-- How many records the terms were made of. One row.
create table audit_indexed (
  id integer primary key check (id = 1),
  size bigint not null
);
insert into audit_indexed (id, size) values (1, 0);

-- Checks that were passed, and keys, take more room than one name does.
alter table audit_leaf alter column record set data type varchar(65536);
