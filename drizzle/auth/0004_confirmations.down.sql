ALTER TABLE auth.sessions DROP COLUMN confirmed_at;
