-- Answers to requests with an Idempotency-Key.
CREATE TABLE analytics.idempotency_keys (
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
CREATE INDEX idempotency_keys_created_idx ON analytics.idempotency_keys (created_at);

CREATE TABLE analytics.goals (
  id uuid PRIMARY KEY,
  name text NOT NULL,
  event text NOT NULL,
  filters jsonb NOT NULL,
  created_at timestamptz(3) NOT NULL DEFAULT now()
);
CREATE UNIQUE INDEX goals_name ON analytics.goals (lower(name));
