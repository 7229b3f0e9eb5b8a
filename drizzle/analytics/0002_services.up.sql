CREATE TABLE analytics.request_metrics (
  service text NOT NULL,
  method text NOT NULL,
  route text NOT NULL,
  minute timestamptz(3) NOT NULL,
  requests bigint NOT NULL,
  failures bigint NOT NULL,
  total_ms double precision NOT NULL,
  max_ms double precision NOT NULL,
  -- One for each bound of `requestBounds` in packages/contracts, and one for what took longer.
  buckets bigint[] NOT NULL,
  CONSTRAINT request_metrics_pkey PRIMARY KEY (service, minute, method, route)
);
CREATE INDEX request_metrics_minute ON analytics.request_metrics (minute);

CREATE TABLE analytics.erasures (
  visitor uuid PRIMARY KEY,
  pseudonym uuid NOT NULL,
  asked_at timestamptz(3) NOT NULL DEFAULT now()
);
