-- Which images and components a build has, so that nothing goes which another one needs. Filled at the next start.
create table build_file (
  product varchar(32) not null,
  version varchar(24) not null,
  sha256 varchar(64) not null,
  primary key (product, version, sha256)
);
create index build_file_sha256 on build_file (sha256);
