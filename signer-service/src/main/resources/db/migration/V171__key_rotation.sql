-- One key taking another's place in a product. Where it stands is computed and not kept here.
-- open_for is the old key while the rotation may go on: of one old key there is one.
create table key_rotation (
  id bigint generated always as identity primary key,
  product varchar(32) not null references fleet_product (name),
  old_key varchar(64) not null,
  new_key varchar(64) not null,
  started_by varchar(300) not null,
  started timestamp(3) with time zone not null,
  aborted_by varchar(300),
  aborted timestamp(3) with time zone,
  reason varchar(1000),
  open_for varchar(64),
  unique (product, open_for)
);
