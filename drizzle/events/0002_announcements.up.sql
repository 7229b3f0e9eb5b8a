-- Events that were announced by hand, on their way to the queue; and what was answered to whoever sent an Idempotency-Key.
CREATE TABLE events.outbox (
  position bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  id uuid NOT NULL,
  event text NOT NULL,
  version integer NOT NULL,
  service text NOT NULL,
  subject text NOT NULL,
  trace_id text NOT NULL,
  span_id text NOT NULL,
  data jsonb NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  due_at timestamptz NOT NULL DEFAULT now(),
  attempts integer NOT NULL DEFAULT 0,
  last_error text
);
CREATE INDEX outbox_due_idx ON events.outbox (due_at);
CREATE INDEX outbox_subject_idx ON events.outbox (subject, position);

CREATE TABLE events.idempotency_keys (
  caller text NOT NULL,
  key text NOT NULL,
  fingerprint text NOT NULL,
  -- The attempt that carries the request out, and until when no other may.
  claim uuid NOT NULL,
  leased_until timestamptz NOT NULL,
  -- Null until there is an answer.
  status smallint,
  headers jsonb,
  body text,
  created_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (caller, key)
);
CREATE INDEX idempotency_keys_created_idx ON events.idempotency_keys (created_at);
