DROP TABLE analytics.goals;
DROP TABLE analytics.idempotency_keys;
