create table audit_leaf (
  position bigint primary key,
  at timestamp(6) with time zone not null,
  actor varchar(100) not null,
  record varchar(16384) not null,
  hash char(64) not null
);
create index audit_leaf_actor on audit_leaf (actor, position);

-- Hashes of complete subtrees; level 1 covers two leaves, level 2 four, and so on.
create table audit_node (
  level integer not null,
  position bigint not null,
  hash char(64) not null,
  primary key (level, position)
);

-- One row, locked by whoever appends.
create table audit_head (
  id integer primary key check (id = 1),
  origin varchar(100) not null,
  size bigint not null
);
insert into audit_head (id, origin, size) values (1, 'ota-signer/' || cast(random_uuid() as varchar(36)), 0);
