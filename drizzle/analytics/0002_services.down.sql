DROP TABLE analytics.erasures;
DROP TABLE analytics.request_metrics;
