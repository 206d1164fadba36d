create table fleet_product (
  name varchar(32) primary key,
  even_majors_only boolean not null,
  max_counter_step bigint not null,
  timestamp_days integer not null,
  created timestamp(6) with time zone not null
);

create table fleet_hardware (
  product varchar(32) not null references fleet_product (name),
  id varchar(32) not null,
  revisions varchar(1100) not null,
  primary key (product, id)
);

create table fleet_channel (
  product varchar(32) not null references fleet_product (name),
  name varchar(32) not null,
  primary key (product, name)
);

create table fleet_bootloader (
  product varchar(32) not null,
  id varchar(32) not null,
  hardware varchar(32) not null,
  document varbinary(131072) not null,
  primary key (product, id),
  foreign key (product, hardware) references fleet_hardware (product, id)
);

create table fleet_profile (
  product varchar(32) not null references fleet_product (name),
  digest char(64) not null,
  document varbinary(131072) not null,
  created timestamp(6) with time zone not null,
  primary key (product, digest)
);

-- What a device was made as, what it last said, and the keys it may authenticate with.
create table fleet_device (
  product varchar(32) not null,
  device_id varchar(64) not null,
  hardware varchar(32) not null,
  revision varchar(32) not null,
  factory_build varchar(32) not null,
  channel varchar(32) not null,
  clock_class varchar(16) not null,
  clock_floor timestamp(6) with time zone not null,
  bootloader varchar(32) not null,
  version varchar(32) not null,
  manifest char(64) not null,
  profile char(64) not null,
  security_counter bigint not null,
  lineage varchar(32) not null,
  root_version bigint not null,
  seq bigint not null,
  secret_sha256 char(64),
  secret_spki char(64),
  cert_spki char(64),
  cert_key_type varchar(16),
  cert_not_after timestamp(6) with time zone,
  next_spki char(64),
  next_key_type varchar(16),
  next_not_after timestamp(6) with time zone,
  last_seen timestamp(6) with time zone,
  last_listener varchar(32),
  outcome_version varchar(32),
  outcome_result varchar(16),
  outcome_reason varchar(64),
  primary key (product, device_id),
  foreign key (product, hardware) references fleet_hardware (product, id),
  foreign key (product, bootloader) references fleet_bootloader (product, id),
  foreign key (product, channel) references fleet_channel (product, name),
  foreign key (product, profile) references fleet_profile (product, digest)
);

-- Factories that certify the keys devices are born with.
create table fleet_factory_authority (
  product varchar(32) not null references fleet_product (name),
  name varchar(32) not null,
  certificate varbinary(8192) not null,
  primary key (product, name)
);
