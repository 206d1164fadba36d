-- A policy that one administrator wants and another has to confirm, and the one that it replaces.
create table fleet_policy_proposal (
  id uuid primary key,
  product varchar(32) not null references fleet_product (name),
  policy varchar(65536) not null,
  replaces char(64) not null,
  proposed_by varchar(300) not null,
  created timestamp(6) with time zone not null,
  expires timestamp(6) with time zone not null
);
