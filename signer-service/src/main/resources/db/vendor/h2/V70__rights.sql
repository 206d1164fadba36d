-- A right is a role, or a role for one product: release-engineer@cam.
alter table access_user alter column roles set data type varchar(4000);
alter table access_api_key alter column roles set data type varchar(4000);

-- A withdrawn key stays, so that its name means one key for ever.
alter table access_api_key add column revoked timestamp(6) with time zone;

-- What one administrator wants and another has to confirm.
create table access_proposal (
  id uuid primary key,
  kind varchar(16) not null,
  user_name varchar(32) not null,
  roles varchar(4000) not null,
  proposed_by varchar(300) not null,
  created timestamp(6) with time zone not null,
  expires timestamp(6) with time zone not null
);

-- One row, locked by whoever changes what people may do.
create table access_lock (id integer primary key check (id = 1));
insert into access_lock (id) values (1);
