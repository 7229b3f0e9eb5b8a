DROP TABLE auth.used_messages;
