-- What people say of a release, when it ends by itself, and how long devices may still take what is no longer offered.
alter table catalogue_release add column notes varchar(4000) default '' not null;
alter table catalogue_release add column notes_before varchar(4000);
alter table catalogue_release add column auto_stop varchar(300);
alter table catalogue_release add column auto_stop_before varchar(300);
alter table catalogue_release add column counting_since timestamp(3) with time zone;
alter table catalogue_release add column counting_before timestamp(3) with time zone;
alter table catalogue_release add column halted varchar(1000);
alter table catalogue_release add column halted_before varchar(1000);
alter table catalogue_release add column offered_until timestamp(3) with time zone;
alter table catalogue_release add column listed_until timestamp(3) with time zone;
update catalogue_release set counting_since = created;

-- Devices that go first ('test') or wait ('hold').
create table catalogue_release_device (
  release_id uuid not null references catalogue_release (id) on delete cascade,
  list varchar(4) not null,
  device_id varchar(64) not null,
  primary key (release_id, list, device_id)
);

-- When the last timestamp of a repository ends that was ever announced and has been replaced since, or is about to be.
create table catalogue_timestamp_end (
  product varchar(32) not null,
  lineage varchar(32) not null,
  expires timestamp(3) with time zone not null,
  primary key (product, lineage)
);

-- When a device told how its last update ended.
alter table fleet_device add column outcome_at timestamp(6) with time zone;

-- Since when the service has listened to devices without a gap, and when it last knew that it does.
create table rollout_watch (
  id integer primary key,
  since timestamp(6) with time zone not null,
  seen timestamp(6) with time zone not null
);
