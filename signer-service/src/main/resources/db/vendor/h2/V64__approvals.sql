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
