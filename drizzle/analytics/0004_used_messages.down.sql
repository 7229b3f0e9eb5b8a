DROP TABLE analytics.used_messages;
