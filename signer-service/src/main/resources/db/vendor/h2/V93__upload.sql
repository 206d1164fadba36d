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

-- Payloads of requests of releases before stay; how long they are was not kept, and counts as nothing.
insert into upload (product, sha256, length, uploaded, named)
  select distinct product, regexp_substr(spec, '"payload":"([0-9a-f]{64})"', 1, 1, 'c', 1),
    0, current_timestamp, true
  from signing_request
  where regexp_like(spec, '"payload":"[0-9a-f]{64}"');
