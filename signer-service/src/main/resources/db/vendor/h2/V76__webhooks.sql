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
