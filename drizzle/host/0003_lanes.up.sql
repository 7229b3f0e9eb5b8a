-- The right to run one batch at a time of a queue whose consumer has a `max_concurrency`: as many rows as that says.
-- `lease` is 0 while nobody runs one.
CREATE TABLE lanes (
  queue text NOT NULL,
  lane integer NOT NULL,
  lease bigint NOT NULL DEFAULT 0,
  CONSTRAINT lanes_pkey PRIMARY KEY (queue, lane)
) WITH (fillfactor = 20, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 200);
