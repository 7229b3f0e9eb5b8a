-- Events committed to and not yet sent: packages/db/src/outbox.ts. Way back: DROP TABLE outbox;
CREATE TABLE outbox (
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
CREATE INDEX outbox_due_idx ON outbox (due_at);
CREATE INDEX outbox_subject_idx ON outbox (subject, position);
