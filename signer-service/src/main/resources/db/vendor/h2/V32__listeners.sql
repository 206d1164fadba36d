create table listener (
  name varchar(32) primary key,
  port integer not null unique,
  kind varchar(16) not null,
  versions varchar(64) not null,
  suites varchar(2000) not null,
  tls_groups varchar(500) not null,
  server_key varchar(16) not null,
  opened timestamp(6) with time zone not null
);
