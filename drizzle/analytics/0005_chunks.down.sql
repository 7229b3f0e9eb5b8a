DROP VIEW analytics.events;

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

DO $$
DECLARE
  name text;
  day date;
BEGIN
  FOR name IN SELECT relname FROM pg_inherits JOIN pg_class ON oid = inhrelid WHERE inhparent = 'analytics.chunks'::regclass
  LOOP
    day := substr(name, 8)::date;
    EXECUTE format('CREATE TABLE analytics.%I PARTITION OF analytics.events FOR VALUES FROM (%L) TO (%L)',
      'events_' || substr(name, 8), day::timestamp AT TIME ZONE 'UTC', (day + 1)::timestamp AT TIME ZONE 'UTC');
  END LOOP;
END $$;

INSERT INTO analytics.batches (id, first_at, last_at, size) OVERRIDING SYSTEM VALUE
SELECT id, first_at, last_at, size FROM analytics.chunks WHERE NOT counted;
SELECT setval(pg_get_serial_sequence('analytics.batches', 'id'), nextval('analytics.chunk_ids'));

INSERT INTO analytics.events (at, batch, visitor, source, name, properties)
SELECT (day + ms * interval '1 millisecond') AT TIME ZONE 'UTC', id, event.visitor, source, event.name, event.properties
FROM analytics.chunks,
  ROWS FROM (unnest(times), unnest(visitors), unnest(names), jsonb_array_elements(chunks.properties::jsonb))
    AS event (ms, visitor, name, properties);

DROP TABLE analytics.chunks;
DROP SEQUENCE analytics.chunk_ids;
