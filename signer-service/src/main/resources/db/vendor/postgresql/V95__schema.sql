-- The tables as the migrations up to V95 leave them in the embedded database; a test compares them.
-- What comes later is one file for both, in db/migration.

-- Accounts.
create table access_user (
  name varchar(32) primary key,
  password varchar(255) not null,
  one_time boolean not null,
  roles varchar(4000) not null,
  created timestamp(6) with time zone not null,
  edition bigint not null
);

create table access_session (
  token_sha256 varchar(64) primary key,
  user_name varchar(32) not null references access_user (name) on delete cascade,
  created timestamp(6) with time zone not null,
  expires timestamp(6) with time zone not null
);
create index access_session_expires on access_session (expires);
create index access_session_user on access_session (user_name);

-- A withdrawn key stays, so that its name means one key for ever.
create table access_api_key (
  id uuid primary key,
  name varchar(32) not null unique,
  secret_sha256 varchar(64) not null unique,
  roles varchar(4000) not null,
  product varchar(32),
  created_by varchar(64) not null,
  created timestamp(6) with time zone not null,
  expires timestamp(6) with time zone not null,
  revoked timestamp(6) with time zone
);

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

-- The audit log.
create table audit_leaf (
  position bigint primary key,
  at timestamp(6) with time zone not null,
  actor varchar(300) not null,
  record varchar(65536) not null,
  hash varchar(64) not null
);
create index audit_leaf_actor on audit_leaf (actor, position);
create index audit_leaf_at on audit_leaf (at, position);

-- Hashes of complete subtrees; level 1 covers two leaves, level 2 four, and so on.
create table audit_node (
  level integer not null,
  position bigint not null,
  hash varchar(64) not null,
  primary key (level, position)
);

-- One row, locked by whoever appends.
create table audit_head (
  id integer primary key check (id = 1),
  origin varchar(100) not null,
  size bigint not null
);
insert into audit_head (id, origin, size) values (1, 'ota-signer/' || gen_random_uuid(), 0);

-- What a record is about, to find it by. Made from the records, behind them; no evidence, and made
-- again when it is emptied.
create table audit_term (
  term varchar(160) not null,
  position bigint not null,
  primary key (term, position)
);

-- How many records the terms were made of. One row.
create table audit_indexed (
  id integer primary key check (id = 1),
  size bigint not null
);
insert into audit_indexed (id, size) values (1, 0);

-- What the service knows of its keys. What each may sign, and with whose approval, stands in the
-- worker's own file and not here.
create table keyring_key (
  key_id varchar(64) primary key,
  name varchar(32) not null unique,
  purpose varchar(16) not null,
  suite varchar(32) not null,
  spki varchar(8192) not null,
  product varchar(32),
  state varchar(16) not null,
  created timestamp(6) with time zone not null,
  edition bigint not null,
  token varchar(16) default 'SOFTWARE' not null,
  rule_end_owed boolean default false not null,
  once_extractable boolean default false not null
);
create index keyring_key_product on keyring_key (product);

-- Every change of a key's state, the first one from nothing.
create table keyring_transition (
  key_id varchar(64) not null references keyring_key (key_id),
  position integer not null,
  state varchar(16) not null,
  at timestamp(6) with time zone not null,
  actor varchar(300) not null,
  reason varchar(1000),
  primary key (key_id, position)
);

-- One row, locked while it is judged whether a key is needed: one key is retired at a time.
create table keyring_retiring (id integer primary key check (id = 1));
insert into keyring_retiring (id) values (1);

-- Products and what they are made of. A policy is kept as the document whose digest is approved.
create table fleet_product (
  name varchar(32) primary key,
  created timestamp(6) with time zone not null,
  policy varchar(65536) not null
);

create table fleet_hardware (
  product varchar(32) not null references fleet_product (name),
  id varchar(32) not null,
  revisions varchar(1100) not null,
  primary key (product, id)
);

create table fleet_channel (
  product varchar(32) not null references fleet_product (name),
  name varchar(32) not null,
  primary key (product, name)
);

create table fleet_bootloader (
  product varchar(32) not null,
  id varchar(32) not null,
  hardware varchar(32) not null,
  document bytea not null check (length(document) <= 131072),
  primary key (product, id),
  foreign key (product, hardware) references fleet_hardware (product, id)
);

create table fleet_profile (
  product varchar(32) not null references fleet_product (name),
  digest varchar(64) not null,
  document bytea not null check (length(document) <= 131072),
  created timestamp(6) with time zone not null,
  primary key (product, digest)
);

-- What a device was made as, what it last said, and the keys it may authenticate with.
create table fleet_device (
  product varchar(32) not null,
  device_id varchar(64) not null,
  hardware varchar(32) not null,
  revision varchar(32) not null,
  factory_build varchar(32) not null,
  channel varchar(32) not null,
  clock_class varchar(16) not null,
  clock_floor timestamp(6) with time zone not null,
  bootloader varchar(32) not null,
  version varchar(32) not null,
  manifest varchar(64) not null,
  profile varchar(64) not null,
  security_counter bigint not null,
  lineage varchar(32) not null,
  root_version bigint not null,
  seq bigint not null,
  secret_sha256 varchar(64),
  secret_spki varchar(64),
  cert_spki varchar(64),
  cert_key_type varchar(16),
  cert_not_after timestamp(6) with time zone,
  next_spki varchar(64),
  next_key_type varchar(16),
  next_not_after timestamp(6) with time zone,
  last_seen timestamp(6) with time zone,
  last_listener varchar(32),
  outcome_version varchar(32),
  outcome_result varchar(16),
  outcome_reason varchar(64),
  primary key (product, device_id),
  foreign key (product, hardware) references fleet_hardware (product, id),
  foreign key (product, bootloader) references fleet_bootloader (product, id),
  foreign key (product, channel) references fleet_channel (product, name),
  foreign key (product, profile) references fleet_profile (product, digest)
);

-- Factories that certify the keys devices are born with.
create table fleet_factory_authority (
  product varchar(32) not null references fleet_product (name),
  name varchar(32) not null,
  certificate bytea not null check (length(certificate) <= 8192),
  primary key (product, name)
);

-- A policy that one administrator wants and another has to confirm, and the one that it replaces.
create table fleet_policy_proposal (
  id uuid primary key,
  product varchar(32) not null references fleet_product (name),
  policy varchar(65536) not null,
  replaces varchar(64) not null,
  proposed_by varchar(300) not null,
  created timestamp(6) with time zone not null,
  expires timestamp(6) with time zone not null
);

-- Self-signed certificates of the device and server authorities; their keys live in the token.
create table authority_certificate (
  key_id varchar(64) primary key,
  purpose varchar(32) not null,
  key_type varchar(16) not null,
  certificate bytea not null check (length(certificate) <= 8192),
  created timestamp(6) with time zone not null,
  unique (purpose, key_type)
);

create table listener (
  name varchar(32) primary key,
  port integer not null unique,
  kind varchar(16) not null,
  versions varchar(64) not null,
  suites varchar(2000) not null,
  tls_groups varchar(500) not null,
  server_key varchar(16) not null,
  opened timestamp(6) with time zone not null
);

-- Signing requests: one row a request, one more for each attempt to sign it.
create table signing_request (
  id uuid primary key,
  product varchar(32) not null,
  version varchar(24) not null,
  requester varchar(300) not null,
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
  draft varchar(100000),
  policy varchar(65536),
  constraint signing_request_idempotency unique (product, requester, idempotency_key)
);
create index signing_request_unfinished on signing_request (state);
create index signing_request_product on signing_request (product, created);
create index signing_request_newest on signing_request (product, created desc, id desc);
create index signing_request_oldest on signing_request (state, created, id);

create table signing_attempt (
  request uuid not null references signing_request (id),
  number integer not null,
  begun timestamp(3) with time zone not null,
  outcome varchar(20) not null,
  primary key (request, number)
);

-- What approvers said of a request; the envelope is what the worker checks, the rest is for people.
create table request_approval (
  digest varchar(64) primary key,
  request uuid not null references signing_request (id),
  approver varchar(200) not null,
  decision varchar(8) not null,
  key_id varchar(64) not null,
  not_after timestamp(3) with time zone not null,
  reason varchar(1000),
  envelope varchar(65536) not null,
  received timestamp(3) with time zone not null,
  taken_back timestamp(3) with time zone
);
create index request_approval_request on request_approval (request, received);

-- Digests that were signed unjudged, and those that are about to be.
create table bare_digest (
  id uuid primary key,
  product varchar(32) not null,
  requester varchar(200) not null,
  idempotency_key varchar(64),
  key_id varchar(64) not null,
  digest varchar(128) not null,
  document varchar(4000) not null,
  signature varchar(16384),
  created timestamp(3) with time zone not null,
  constraint bare_digest_idempotency unique (product, requester, idempotency_key)
);

-- Builds: signed, judged by the device's own code, and never changed again. Their versions are
-- sortable as hex digits: u8, u8, u16, u32.
create table build (
  id uuid primary key,
  product varchar(32) not null,
  version varchar(24) not null,
  manifest varchar(64) not null,
  component varchar(64),
  request uuid,
  author varchar(300) not null,
  created timestamp(3) with time zone not null,
  sortable varchar(16) not null,
  constraint build_version unique (product, version),
  constraint build_manifest unique (manifest)
);
create index build_newest on build (product, sortable desc);

-- How far each line of builds has come; filled from the manifests of older releases at the first start.
create table build_line (
  product varchar(32) not null,
  hardware varchar(32) not null,
  major integer not null,
  newest varchar(16) not null,
  counter bigint not null,
  primary key (product, hardware, major)
);

-- Idempotency keys of pushes, each bound to the digest of the body that it came with first.
create table push_key (
  product varchar(32) not null,
  requester varchar(240) not null,
  idempotency_key varchar(64) not null,
  body varchar(64) not null,
  primary key (product, requester, idempotency_key)
);

-- Which product uploaded which payload, and whether a request has named it; '*' is every product.
create table upload (
  product varchar(32) not null,
  sha256 varchar(64) not null,
  length bigint not null,
  uploaded timestamp(3) with time zone not null,
  named boolean not null,
  primary key (product, sha256)
);
create index upload_file on upload (sha256);
create index upload_unused on upload (named, uploaded);

-- One TUF repository per product and lineage.
create table catalogue_lineage (
  product varchar(32) not null,
  name varchar(32) not null,
  post_quantum boolean not null,
  root_sha256 varchar(64) not null,
  created timestamp(3) with time zone not null,
  primary key (product, name)
);

-- The highest version that was ever given to a role's metadata, whether or not it was published.
create table catalogue_version (
  product varchar(32) not null,
  lineage varchar(32) not null,
  role varchar(80) not null,
  version bigint not null,
  primary key (product, lineage, role)
);

-- Builds listed for the devices of a channel and hardware; and how each was before the decision that
-- the catalogue has not followed yet: without a state it was not there.
create table catalogue_release (
  id uuid primary key,
  product varchar(32) not null,
  channel varchar(32) not null,
  hardware varchar(32) not null,
  version varchar(24) not null,
  bridge boolean not null,
  share_per_mille integer not null,
  salt varchar(16) not null,
  state varchar(16) not null,
  author varchar(300) not null,
  created timestamp(3) with time zone not null,
  changed timestamp(3) with time zone not null,
  revision bigint not null,
  pending boolean default false not null,
  state_before varchar(16),
  bridge_before boolean default false not null,
  share_before integer default 0 not null,
  author_before varchar(300),
  constraint catalogue_release_once unique (product, channel, hardware, version)
);
create index catalogue_release_oldest on catalogue_release (product, created, id);

-- Webhooks.
create table webhook (
  id uuid primary key,
  name varchar(32) not null unique,
  url varchar(500) not null,
  events varchar(500) not null,
  created timestamp(6) with time zone not null,
  created_by varchar(200) not null
);

-- What is still to be told. A row goes when it was told, or given up.
create table webhook_delivery (
  id uuid primary key,
  webhook uuid not null references webhook (id) on delete cascade,
  type varchar(40) not null,
  body varchar(8000) not null,
  created timestamp(6) with time zone not null,
  attempts integer not null,
  next_at timestamp(6) with time zone not null,
  last_failure varchar(200)
);
create index webhook_delivery_due on webhook_delivery (webhook, next_at);

-- Ends and troubles that were told of, so that each is told once.
create table webhook_told (
  what varchar(300) primary key,
  at timestamp(6) with time zone not null
);
