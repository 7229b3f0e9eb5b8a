-- Events lie in chunks, those of one source and UTC day together: a row for each cost five times as much.
CREATE SEQUENCE analytics.chunk_ids;
-- Its partitions, one a day, are made by the service: a migration knows no dates.
CREATE TABLE analytics.chunks (
  day date NOT NULL,
  id bigint NOT NULL DEFAULT nextval('analytics.chunk_ids'),
  source text NOT NULL,
  counted boolean NOT NULL DEFAULT false,
  size integer NOT NULL,
  first_at timestamptz(3) NOT NULL,
  last_at timestamptz(3) NOT NULL,
  -- By event: milliseconds since the day began, whose it is, its name; and a JSON array of its properties.
  times integer[] NOT NULL,
  visitors uuid[] NOT NULL,
  names text[] NOT NULL,
  properties text NOT NULL,
  CONSTRAINT chunks_pkey PRIMARY KEY (day, id)
) PARTITION BY RANGE (day);
CREATE INDEX chunks_waiting ON analytics.chunks (id) WHERE NOT counted;
-- To compress them on their way in costs more than all the rest.
ALTER TABLE analytics.chunks ALTER COLUMN times SET STORAGE EXTERNAL, ALTER COLUMN visitors SET STORAGE EXTERNAL,
  ALTER COLUMN names SET STORAGE EXTERNAL, ALTER COLUMN properties SET STORAGE EXTERNAL;

DO $$
DECLARE
  name text;
  day date;
BEGIN
  FOR name IN SELECT relname FROM pg_inherits JOIN pg_class ON oid = inhrelid WHERE inhparent = 'analytics.events'::regclass
  LOOP
    day := substr(name, 8)::date;
    EXECUTE format('CREATE TABLE analytics.%I PARTITION OF analytics.chunks FOR VALUES FROM (%L) TO (%L)',
      'chunks_' || substr(name, 8), day, day + 1);
  END LOOP;
END $$;

INSERT INTO analytics.chunks (day, source, counted, size, first_at, last_at, times, visitors, names, properties)
SELECT day, source, counted, count(*), min(at), max(at),
  array_agg((extract(epoch FROM at AT TIME ZONE 'UTC' - day) * 1000)::integer ORDER BY at, place),
  array_agg(visitor ORDER BY at, place), array_agg(name ORDER BY at, place), jsonb_agg(properties ORDER BY at, place)::text
FROM (
  SELECT *, (row_number() OVER (PARTITION BY day, source, counted ORDER BY at, place) - 1) / 2000 AS portion
  FROM (
    SELECT (at AT TIME ZONE 'UTC')::date AS day, events.*, events.ctid AS place, batches.id IS NULL AS counted
    FROM analytics.events LEFT JOIN analytics.batches ON batches.id = batch
  ) AS known
) AS portioned
GROUP BY day, source, counted, portion;

DROP TABLE analytics.events;
DROP TABLE analytics.batches;

-- For whoever looks into the database: a row for each event.
CREATE VIEW analytics.events AS
SELECT (day + ms * interval '1 millisecond') AT TIME ZONE 'UTC' AS at, event.visitor, source, event.name, event.properties
FROM analytics.chunks,
  ROWS FROM (unnest(times), unnest(visitors), unnest(names), jsonb_array_elements(chunks.properties::jsonb))
    AS event (ms, visitor, name, properties);
