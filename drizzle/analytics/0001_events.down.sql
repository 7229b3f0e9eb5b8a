DROP TABLE analytics.rollups;
DROP TABLE analytics.salts;
DROP TABLE analytics.seen_events;
DROP TABLE analytics.batches;
DROP TABLE analytics.events;
