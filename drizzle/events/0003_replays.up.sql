-- Parts of the log that are sent to subscribers once more, and how far that has come.
CREATE TABLE events.replays (
  id uuid PRIMARY KEY,
  -- Null is everybody who listens, and every event.
  subscriber text,
  event text,
  -- By the times at which events were made; null is no limit.
  from_time timestamptz(3),
  to_time timestamptz(3),
  forced boolean NOT NULL,
  -- What comes after this position and up to the last is still to be sent.
  position bigint NOT NULL,
  last_position bigint NOT NULL,
  sent integer NOT NULL DEFAULT 0,
  state text NOT NULL DEFAULT 'running' CONSTRAINT replays_state_known CHECK (state IN ('running', 'finished', 'cancelled', 'failed')),
  -- Why it waits, or has failed.
  cause text,
  created_by uuid NOT NULL,
  created_at timestamptz(3) NOT NULL DEFAULT clock_timestamp(),
  due_at timestamptz(3) NOT NULL DEFAULT clock_timestamp(),
  ended_at timestamptz(3)
);
CREATE INDEX replays_due ON events.replays (due_at) WHERE state = 'running';
