-- Ends that would strand devices: each once, with the nearest stage that was told, in days ahead.
-- What the real judgement said when it was last asked is kept, so that showing it costs nothing.
create table end_alarm (
  product varchar(32) not null references fleet_product (name),
  what varchar(300) not null,
  ends timestamp(6) with time zone not null,
  days_ahead integer not null,
  raised timestamp(6) with time zone not null,
  judged timestamp(6) with time zone not null,
  devices bigint not null,
  cohorts integer not null,
  explanation varchar(1048576) not null,
  cleared timestamp(6) with time zone,
  primary key (product, what, ends)
);
