-- Events that have taken effect: packages/db/src/inbox.ts. Way back: DROP TABLE inbox;
CREATE TABLE inbox (
  id uuid PRIMARY KEY,
  event text NOT NULL,
  received_at timestamptz NOT NULL DEFAULT now()
);
