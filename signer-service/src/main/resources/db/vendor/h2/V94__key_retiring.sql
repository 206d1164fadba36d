-- One row, locked while it is judged whether a key is needed: one key is retired at a time.
create table keyring_retiring (
  id integer primary key check (id = 1)
);
insert into keyring_retiring (id) values (1);
