-- Its partitions, one a day, are made by the service: a migration knows no dates.
CREATE TABLE analytics.events (
  at timestamptz(3) NOT NULL,
  batch bigint NOT NULL,
  visitor uuid,
  source text NOT NULL,
  name text NOT NULL,
  properties jsonb NOT NULL
) PARTITION BY RANGE (at);
CREATE INDEX events_batch ON analytics.events USING brin (batch) WITH (pages_per_range = 32, autosummarize = on);
CREATE INDEX events_at ON analytics.events USING brin (at) WITH (pages_per_range = 32, autosummarize = on);

CREATE TABLE analytics.batches (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  first_at timestamptz(3) NOT NULL,
  last_at timestamptz(3) NOT NULL,
  size integer NOT NULL
);

CREATE TABLE analytics.seen_events (
  key uuid PRIMARY KEY,
  seen_at timestamptz(3) NOT NULL DEFAULT now()
);
CREATE INDEX seen_events_seen_at ON analytics.seen_events USING brin (seen_at);

CREATE TABLE analytics.salts (
  day date PRIMARY KEY,
  salt text NOT NULL
);

CREATE TABLE analytics.rollups (
  level text NOT NULL CONSTRAINT rollups_level_known CHECK (level IN ('quarter', 'hour', 'day')),
  name text NOT NULL,
  slot timestamptz(3) NOT NULL,
  events bigint NOT NULL,
  visitors bytea NOT NULL,
  CONSTRAINT rollups_pkey PRIMARY KEY (level, name, slot)
);
CREATE INDEX rollups_slot ON analytics.rollups (level, slot);
