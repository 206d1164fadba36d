-- Names that an issuer gives are longer than our own.
alter table signing_request alter column requester set data type varchar(300);
alter table build alter column author set data type varchar(300);
alter table catalogue_release alter column author set data type varchar(300);
alter table keyring_transition alter column actor set data type varchar(300);
alter table audit_leaf alter column actor set data type varchar(300);
