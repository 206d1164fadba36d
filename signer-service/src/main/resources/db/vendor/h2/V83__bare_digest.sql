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
