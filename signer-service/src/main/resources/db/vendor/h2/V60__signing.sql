-- Signing requests: one row a request, one more for each attempt to sign it.
create table signing_request (
  id uuid primary key,
  product varchar(32) not null,
  version varchar(24) not null,
  requester varchar(64) not null,
  idempotency_key varchar(64),
  state varchar(20) not null,
  spec varchar(100000) not null,
  document varchar(100000),
  digest varchar(64),
  reasons varchar(100000) not null,
  refusal varchar(10000),
  attempts integer not null,
  manifest varchar(64),
  component varchar(64),
  created timestamp(3) with time zone not null,
  changed timestamp(3) with time zone not null,
  revision bigint not null,
  constraint signing_request_idempotency unique (product, requester, idempotency_key)
);
create index signing_request_unfinished on signing_request (state);
create index signing_request_product on signing_request (product, created);

create table signing_attempt (
  request uuid not null references signing_request (id),
  number integer not null,
  begun timestamp(3) with time zone not null,
  outcome varchar(20) not null,
  primary key (request, number)
);

-- Builds: signed, judged by the device's own code, and never changed again.
create table build (
  id uuid primary key,
  product varchar(32) not null,
  version varchar(24) not null,
  manifest varchar(64) not null,
  component varchar(64),
  request uuid,
  author varchar(64) not null,
  created timestamp(3) with time zone not null,
  constraint build_version unique (product, version),
  constraint build_manifest unique (manifest)
);
