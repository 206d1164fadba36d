create table access_user (
  name varchar(32) primary key,
  password varchar(255) not null,
  one_time boolean not null,
  roles varchar(255) not null,
  created timestamp(6) with time zone not null,
  edition bigint not null
);

create table access_session (
  token_sha256 char(64) primary key,
  user_name varchar(32) not null references access_user (name) on delete cascade,
  created timestamp(6) with time zone not null,
  expires timestamp(6) with time zone not null
);
create index access_session_expires on access_session (expires);

create table access_api_key (
  id uuid primary key,
  name varchar(32) not null unique,
  secret_sha256 char(64) not null unique,
  roles varchar(255) not null,
  product varchar(32),
  created_by varchar(64) not null,
  created timestamp(6) with time zone not null,
  expires timestamp(6) with time zone not null
);
