-- What the certificates of listeners were made out to when the service last started.
create table listener_name (
  name varchar(255) primary key
);
