-- Idempotency keys of pushes, each bound to the digest of the body that it came with first.
create table push_key (
  product varchar(32) not null,
  requester varchar(240) not null,
  idempotency_key varchar(64) not null,
  body varchar(64) not null,
  primary key (product, requester, idempotency_key)
);
