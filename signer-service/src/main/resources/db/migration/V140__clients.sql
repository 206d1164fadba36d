-- Each announcement asks which kinds of clients there are, of however many devices.
create index fleet_device_client on fleet_device (product, profile, lineage, root_version);
