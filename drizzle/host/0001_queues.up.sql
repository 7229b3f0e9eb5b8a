-- A consumer process holds one lease and renews it; whoever finds it expired takes its messages back.
-- The rest of a page is free, so that a renewal stays in it and touches no index.
CREATE TABLE leases (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  holder text NOT NULL,
  expires_at timestamptz NOT NULL
) WITH (fillfactor = 20, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 200);

-- A message is here from its sending to its acknowledgement. `lease` is 0 while nobody has it.
-- A row is written three times: sent, claimed, deleted. A lease's renewal writes none.
CREATE TABLE messages (
  id uuid NOT NULL,
  queue text NOT NULL,
  lease bigint NOT NULL DEFAULT 0,
  attempts integer NOT NULL DEFAULT 0,
  due_at timestamptz NOT NULL,
  sent_at timestamptz NOT NULL,
  content_type text NOT NULL,
  body bytea NOT NULL,
  -- Of a dead letter: the queue it comes from, and what its last attempt failed of.
  origin text,
  cause text,
  CONSTRAINT messages_pkey PRIMARY KEY (id)
) WITH (
  autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000,
  autovacuum_vacuum_insert_scale_factor = 0, autovacuum_vacuum_insert_threshold = 100000,
  autovacuum_analyze_scale_factor = 0.5, autovacuum_analyze_threshold = 100000,
  autovacuum_vacuum_cost_delay = 0
);
-- Finds the next messages of a queue (lease 0, in the order they are due) and the messages of a lease.
CREATE INDEX messages_next_idx ON messages (lease, queue, due_at, id);
