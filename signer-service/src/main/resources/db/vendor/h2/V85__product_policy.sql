-- A policy has more members than columns: it is kept as the document whose digest is approved.
alter table fleet_product add column policy varchar(65536);
update fleet_product set policy =
  '{"evenMajorsOnly":' || case when even_majors_only then 'true' else 'false' end
  || ',"maxCounterStep":' || max_counter_step
  || ',"timestampDays":' || timestamp_days || '}';
alter table fleet_product alter column policy set not null;
alter table fleet_product drop column even_majors_only;
alter table fleet_product drop column max_counter_step;
alter table fleet_product drop column timestamp_days;
-- The policy under which a request was judged: what approvers read. Older requests have none.
alter table signing_request add column policy varchar(65536);
