-- When the owner last showed once more that it is they who hold the session.
ALTER TABLE auth.sessions ADD COLUMN confirmed_at timestamptz;
