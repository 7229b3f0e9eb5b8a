-- Ids of encrypted requests: packages/db/src/used-messages.ts. Way back: DROP TABLE used_messages;
CREATE TABLE used_messages (
  id text PRIMARY KEY,
  used_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX used_messages_used_idx ON used_messages (used_at);
