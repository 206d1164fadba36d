-- The states that devices are in, each once, as far as a judgement can tell them apart.
-- expires_month is when certificates of these devices end: year * 12 + month - 1, UTC; -1 before enrolment.
create table fleet_cohort (
  id bigint generated always as identity primary key,
  product varchar(32) not null references fleet_product (name),
  hardware varchar(32) not null,
  revision varchar(32) not null,
  channel varchar(32) not null,
  clock_class varchar(16) not null,
  bootloader varchar(32) not null,
  version varchar(32) not null,
  manifest varchar(64) not null,
  profile varchar(64) not null,
  security_counter bigint not null,
  lineage varchar(32) not null,
  root_version bigint not null,
  components varchar(8192) not null,
  key_type varchar(16) not null,
  expires_month integer not null
);
create index fleet_cohort_state on fleet_cohort (product, profile, manifest, bootloader, root_version);

-- Which of them a device is in; null from when it changed until the next count.
alter table fleet_device add column cohort bigint references fleet_cohort (id);
create index fleet_device_cohort on fleet_device (product, cohort, device_id);
