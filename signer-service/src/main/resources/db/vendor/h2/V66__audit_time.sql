-- Reports ask for the records of a time.
create index audit_leaf_at on audit_leaf (at, position);
