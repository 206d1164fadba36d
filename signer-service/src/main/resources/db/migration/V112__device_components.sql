-- What a device has installed besides its build, as it told last: a JSON object of versions by name.
alter table fleet_device add column components varchar(8192);
