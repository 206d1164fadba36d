-- Self-signed certificates of the device and server authorities; their keys live in the token.
create table authority_certificate (
  key_id char(64) primary key,
  purpose varchar(32) not null,
  key_type varchar(16) not null,
  certificate varbinary(8192) not null,
  created timestamp(6) with time zone not null,
  unique (purpose, key_type)
);
