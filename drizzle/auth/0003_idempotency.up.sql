-- Answers to requests with an Idempotency-Key; bodies are sealed, because they may hold secrets.
CREATE TABLE auth.idempotency_keys (
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
CREATE INDEX idempotency_keys_created_idx ON auth.idempotency_keys (created_at);
