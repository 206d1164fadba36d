-- One TUF repository per product and lineage.
create table catalogue_lineage (
  product varchar(32) not null,
  name varchar(32) not null,
  post_quantum boolean not null,
  root_sha256 varchar(64) not null,
  created timestamp(3) with time zone not null,
  primary key (product, name)
);

-- The highest version that was ever given to a role's metadata, whether or not it was published.
create table catalogue_version (
  product varchar(32) not null,
  lineage varchar(32) not null,
  role varchar(80) not null,
  version bigint not null,
  primary key (product, lineage, role)
);

-- Builds listed for the devices of a channel and hardware.
create table catalogue_release (
  id uuid primary key,
  product varchar(32) not null,
  channel varchar(32) not null,
  hardware varchar(32) not null,
  version varchar(24) not null,
  bridge boolean not null,
  share_per_mille integer not null,
  salt varchar(16) not null,
  state varchar(16) not null,
  author varchar(64) not null,
  created timestamp(3) with time zone not null,
  changed timestamp(3) with time zone not null,
  revision bigint not null,
  constraint catalogue_release_once unique (product, channel, hardware, version)
);
