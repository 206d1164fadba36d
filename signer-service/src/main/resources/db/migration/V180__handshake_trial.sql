-- The newest real handshake with each address of each profile that devices run or are led to;
-- expected says whether a listener is to answer there, by what it is configured to speak.
create table handshake_trial (
  product varchar(32) not null references fleet_product (name),
  profile varchar(64) not null,
  host varchar(255) not null,
  port integer not null,
  tried timestamp(6) with time zone not null,
  expected boolean not null,
  reached boolean not null,
  reason varchar(32) not null,
  detail varchar(400) not null,
  primary key (product, profile, host, port)
);
