-- Items, and whose they are.

-- One row for everybody who has ever had an item, which outlives the account, so that nothing that comes late can
-- bring anything of it back.
CREATE TABLE stencil.owners (
  id uuid PRIMARY KEY,
  erased_at timestamptz(3)
);

CREATE TABLE stencil.items (
  id uuid PRIMARY KEY,
  owner_id uuid NOT NULL REFERENCES stencil.owners (id),
  text text NOT NULL,
  created_at timestamptz(3) NOT NULL DEFAULT now()
);
CREATE INDEX items_owner ON stencil.items (owner_id, id);

CREATE TABLE stencil.outbox (
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
CREATE INDEX outbox_due_idx ON stencil.outbox (due_at);
CREATE INDEX outbox_subject_idx ON stencil.outbox (subject, position);

CREATE TABLE stencil.idempotency_keys (
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
CREATE INDEX idempotency_keys_created_idx ON stencil.idempotency_keys (created_at);
