-- Roots that give a lineage its first holders, and wait for a second administrator.
create table catalogue_root_proposal (
  id uuid primary key,
  product varchar(32) not null,
  lineage varchar(32) not null,
  document varchar(1048576) not null,
  fingerprint varchar(64) not null,
  proposed_by varchar(300) not null,
  created timestamp(6) with time zone not null,
  expires timestamp(6) with time zone not null
);
