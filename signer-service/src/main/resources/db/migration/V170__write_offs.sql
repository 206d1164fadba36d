-- Devices that people gave up, so that a change may cut them off: what is proposed, whom it names and who agreed.
create table write_off (
  id uuid primary key,
  product varchar(32) not null references fleet_product (name),
  proposed_change varchar(65536) not null,
  reason varchar(1000) not null,
  proposed_by varchar(300) not null,
  created timestamp(6) with time zone not null,
  expires timestamp(6) with time zone not null,
  in_force timestamp(6) with time zone,
  ended timestamp(6) with time zone,
  ended_by varchar(300),
  ended_reason varchar(1000)
);
create index write_off_product on write_off (product, created);

-- shown: what the cohort was when it was named, and what would cut it off, as JSON.
create table write_off_cohort (
  write_off uuid not null references write_off (id),
  cohort bigint not null references fleet_cohort (id),
  devices bigint not null,
  shown varchar(4096) not null,
  primary key (write_off, cohort)
);

create table write_off_approval (
  write_off uuid not null references write_off (id),
  approver varchar(300) not null,
  given timestamp(6) with time zone not null,
  primary key (write_off, approver)
);

-- Each of the devices, in the state that it was in; one that is in another state is given up no more.
create table written_off_device (
  product varchar(32) not null,
  device_id varchar(64) not null,
  cohort bigint not null references fleet_cohort (id),
  write_off uuid not null references write_off (id),
  primary key (product, device_id),
  foreign key (product, device_id) references fleet_device (product, device_id) on delete cascade
);
create index written_off_device_by on written_off_device (write_off);
