DROP TABLE events.idempotency_keys;
DROP TABLE events.outbox;
