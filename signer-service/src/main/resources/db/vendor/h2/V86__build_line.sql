-- How far each line of builds has come; filled from the manifests of older releases at the first start.
create table build_line (
  product varchar(32) not null,
  hardware varchar(32) not null,
  major integer not null,
  newest varchar(16) not null,
  counter bigint not null,
  primary key (product, hardware, major)
);
