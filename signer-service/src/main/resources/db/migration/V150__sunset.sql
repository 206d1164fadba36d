-- When a listener is to go, and the last time of which people were told that it will, in days ahead;
-- -1 once it is over and the listener had to stay.
alter table listener add column sunset timestamp(6) with time zone;
alter table listener add column sunset_told integer;

-- What the last connection of a device had agreed on.
alter table fleet_device add column last_protocol varchar(16);
alter table fleet_device add column last_group varchar(32);
