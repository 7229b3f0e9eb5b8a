-- Ids of encrypted requests, none of which is carried out a second time.
CREATE TABLE analytics.used_messages (
  id text PRIMARY KEY,
  used_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX used_messages_used_idx ON analytics.used_messages (used_at);
