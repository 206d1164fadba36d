-- The manifest as far as it was known when the request was judged: what approvers read.
alter table signing_request add column draft varchar(100000);
