-- Builds whose images are gone for good; not finished while files of them may be there still.
create table build_pruned (
  product varchar(32) not null,
  version varchar(24) not null,
  pruned timestamp(3) with time zone not null,
  finished boolean not null,
  primary key (product, version)
);
