-- Every event there was, and what could not be handled.

-- One order for the whole log, which is that of the commits: whoever writes waits for whoever writes.
CREATE SEQUENCE events.positions;

-- An event's id is a UUIDv7 and begins with its time, so the id alone is both what a repeat is known by and what the log
-- is divided by. A partition holds the events of a day; the service makes them as they are needed and drops them when
-- their time is over.
CREATE TABLE events.log (
  id uuid NOT NULL,
  position bigint NOT NULL DEFAULT nextval('events.positions'),
  event text NOT NULL,
  version integer NOT NULL,
  service text NOT NULL,
  subject text NOT NULL,
  at timestamptz(3) NOT NULL,
  trace_id text NOT NULL,
  span_id text NOT NULL,
  data jsonb NOT NULL,
  received_at timestamptz(3) NOT NULL DEFAULT clock_timestamp(),
  CONSTRAINT log_pkey PRIMARY KEY (id)
) PARTITION BY RANGE (id);
CREATE INDEX log_position ON events.log (position);
CREATE INDEX log_event ON events.log (event, id);
CREATE INDEX log_subject ON events.log (subject, id);
CREATE INDEX log_service ON events.log (service, id);

-- What a consumer gave up, or what was no event. `message_id` is the queue's, and the same at every delivery.
CREATE TABLE events.dead_letters (
  id uuid PRIMARY KEY,
  queue text NOT NULL,
  message_id text NOT NULL,
  -- Of what it says itself, as far as that can be read.
  event text,
  event_id uuid,
  -- As it was sent, in JSON: it may hold anything, even what jsonb cannot.
  body text NOT NULL,
  cause text,
  attempts integer NOT NULL,
  sent_at timestamptz(3) NOT NULL,
  died_at timestamptz(3) NOT NULL DEFAULT clock_timestamp(),
  redriven_at timestamptz(3),
  CONSTRAINT dead_letters_message UNIQUE (queue, message_id)
);
CREATE INDEX dead_letters_queue ON events.dead_letters (queue, id);
CREATE INDEX dead_letters_event ON events.dead_letters (event, id);
