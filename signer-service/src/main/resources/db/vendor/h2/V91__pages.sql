-- Lists are read in pages: in the order of an index, from where the page before has ended.
create index signing_request_newest on signing_request (product, created desc, id desc);
create index signing_request_oldest on signing_request (state, created, id);
create index catalogue_release_oldest on catalogue_release (product, created, id);

-- Versions in hex digits, in whose order they come: u8, u8, u16, u32.
alter table build add column sortable varchar(16);
update build set sortable = lower(
  substring(rawtohex(cast(cast(regexp_substr(version, '\d+', 1, 1) as bigint) as binary(8))), 15)
  || substring(rawtohex(cast(cast(regexp_substr(version, '\d+', 1, 2) as bigint) as binary(8))), 15)
  || substring(rawtohex(cast(cast(regexp_substr(version, '\d+', 1, 3) as bigint) as binary(8))), 13)
  || substring(rawtohex(cast(cast(regexp_substr(version, '\d+', 1, 4) as bigint) as binary(8))), 9));
alter table build alter column sortable set not null;
create index build_newest on build (product, sortable desc);
