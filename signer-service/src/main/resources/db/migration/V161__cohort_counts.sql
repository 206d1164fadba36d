-- How many devices are in each cohort is kept, and a cohort is found by the digest of its state.
-- What was counted before is counted once more.
update fleet_device set cohort = null where cohort is not null;
delete from fleet_cohort;
alter table fleet_cohort add column digest varchar(64) not null;
alter table fleet_cohort add column devices bigint default 0 not null;
create unique index fleet_cohort_digest on fleet_cohort (product, digest);
drop index fleet_cohort_state;

-- The cohort whose devices this one is still among, also while its own is not known.
alter table fleet_device add column counted bigint;
