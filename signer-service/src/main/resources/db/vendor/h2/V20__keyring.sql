-- What the service knows of its keys. What each may sign, and with whose approval, stands in the
-- worker's own file and not here.
create table keyring_key (
  key_id char(64) primary key,
  name varchar(32) not null unique,
  purpose varchar(16) not null,
  suite varchar(32) not null,
  spki varchar(8192) not null,
  product varchar(32),
  state varchar(16) not null,
  created timestamp(6) with time zone not null,
  edition bigint not null
);
create index keyring_key_product on keyring_key (product);

-- Every change of a key's state, the first one from nothing.
create table keyring_transition (
  key_id char(64) not null references keyring_key (key_id),
  position integer not null,
  state varchar(16) not null,
  at timestamp(6) with time zone not null,
  actor varchar(100) not null,
  reason varchar(1000),
  primary key (key_id, position)
);
