-- What the job worker keeps beside its queue: signs of life, and when each schedule last ran.

create table heartbeat (
  role text not null,
  pid integer not null,
  at timestamptz not null,
  primary key (role, pid)
);

create table job_schedule (
  name text primary key,
  ran_at timestamptz not null
);
