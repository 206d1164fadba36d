-- How often a role's keys were replaced, for roles whose keys are not the first ones any more.
create table catalogue_role_key (
  product varchar(32) not null,
  lineage varchar(32) not null,
  role varchar(80) not null,
  generation integer not null,
  primary key (product, lineage, role)
);
