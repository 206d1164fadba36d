-- How a release was before the decision that the catalogue has not followed yet; without a state it was not there.
alter table catalogue_release add column pending boolean default false not null;
alter table catalogue_release add column state_before varchar(16);
alter table catalogue_release add column bridge_before boolean default false not null;
alter table catalogue_release add column share_before integer default 0 not null;
alter table catalogue_release add column author_before varchar(300);
