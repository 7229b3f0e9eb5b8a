-- One row for each cron of each service: its latest tick, and who runs it.
CREATE TABLE crons (
  service text NOT NULL,
  cron text NOT NULL,
  -- The latest tick that was claimed, or that was past already when the cron was first seen.
  tick timestamptz NOT NULL,
  attempts integer NOT NULL DEFAULT 0,
  -- The run that has the tick, and until when; renewed while it runs, null when it has ended.
  run uuid,
  leased_until timestamptz,
  -- When a run that failed is tried again, unless the next tick comes first.
  retry_at timestamptz,
  CONSTRAINT crons_pkey PRIMARY KEY (service, cron)
);
