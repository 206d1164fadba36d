-- A device names the profile it runs by its digest alone.
create index fleet_profile_digest on fleet_profile (digest);
