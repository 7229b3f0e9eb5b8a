-- requires extension: pg_trgm
-- Profiles, how users stand to one another, and what they prefer.

-- One row per account, which outlives the account: an erased one is empty but for its id, so that
-- nothing that arrives late can bring anybody back.
CREATE TABLE users.profiles (
  id uuid PRIMARY KEY,
  -- In byte order, in which one index serves equality and LIKE 'prefix%'. Not unique: a name that
  -- was freed and taken again may arrive before the news that its former owner is gone.
  username text COLLATE "C" NOT NULL DEFAULT '',
  email text NOT NULL DEFAULT '',
  name text NOT NULL DEFAULT '',
  bio text NOT NULL DEFAULT '',
  avatar_url text,
  is_private boolean NOT NULL DEFAULT false,
  follower_count integer NOT NULL DEFAULT 0,
  following_count integer NOT NULL DEFAULT 0,
  created_at timestamptz(3) NOT NULL DEFAULT now(),
  erased_at timestamptz(3),
  CONSTRAINT profiles_erased_or_named CHECK (erased_at IS NOT NULL OR username <> ''),
  CONSTRAINT profiles_counts CHECK (follower_count >= 0 AND following_count >= 0)
)
-- Counts change far more often than anything that is indexed; room in the page keeps those updates
-- out of the indexes.
WITH (fillfactor = 80);
-- Not partial: an index WHERE erased_at IS NULL fits every query, and on a small table the planner
-- prefers it to the primary key, in a plan that it then keeps while the table grows.
CREATE INDEX profiles_username ON users.profiles (lower(username));
CREATE INDEX profiles_search ON users.profiles USING gin (lower(username || ' ' || name) gin_trgm_ops);

CREATE TABLE users.totals (
  id boolean PRIMARY KEY DEFAULT true,
  profiles bigint NOT NULL,
  CONSTRAINT totals_one_row CHECK (id)
);
INSERT INTO users.totals (profiles) VALUES (0);

CREATE TABLE users.follows (
  follower_id uuid NOT NULL REFERENCES users.profiles (id),
  followee_id uuid NOT NULL REFERENCES users.profiles (id),
  created_at timestamptz(3) NOT NULL DEFAULT now(),
  CONSTRAINT follows_pkey PRIMARY KEY (follower_id, followee_id),
  CONSTRAINT follows_others CHECK (follower_id <> followee_id)
);
CREATE INDEX follows_followers ON users.follows (followee_id, created_at, follower_id);
CREATE INDEX follows_following ON users.follows (follower_id, created_at, followee_id);

CREATE TABLE users.follow_requests (
  requester_id uuid NOT NULL REFERENCES users.profiles (id),
  target_id uuid NOT NULL REFERENCES users.profiles (id),
  created_at timestamptz(3) NOT NULL DEFAULT now(),
  CONSTRAINT follow_requests_pkey PRIMARY KEY (requester_id, target_id),
  CONSTRAINT follow_requests_others CHECK (requester_id <> target_id)
);
CREATE INDEX follow_requests_incoming ON users.follow_requests (target_id, created_at, requester_id);

CREATE TABLE users.blocks (
  blocker_id uuid NOT NULL REFERENCES users.profiles (id),
  blocked_id uuid NOT NULL REFERENCES users.profiles (id),
  created_at timestamptz(3) NOT NULL DEFAULT now(),
  CONSTRAINT blocks_pkey PRIMARY KEY (blocker_id, blocked_id),
  CONSTRAINT blocks_others CHECK (blocker_id <> blocked_id)
);
CREATE INDEX blocks_made ON users.blocks (blocker_id, created_at, blocked_id);
CREATE INDEX blocks_suffered ON users.blocks (blocked_id);

CREATE TABLE users.mutes (
  muter_id uuid NOT NULL REFERENCES users.profiles (id),
  muted_id uuid NOT NULL REFERENCES users.profiles (id),
  created_at timestamptz(3) NOT NULL DEFAULT now(),
  CONSTRAINT mutes_pkey PRIMARY KEY (muter_id, muted_id),
  CONSTRAINT mutes_others CHECK (muter_id <> muted_id)
);
CREATE INDEX mutes_made ON users.mutes (muter_id, created_at, muted_id);
CREATE INDEX mutes_suffered ON users.mutes (muted_id);

CREATE TABLE users.preferences (
  user_id uuid PRIMARY KEY REFERENCES users.profiles (id),
  theme text NOT NULL CONSTRAINT preferences_theme_known CHECK (theme IN ('system', 'light', 'dark')),
  locale text NOT NULL,
  time_zone text NOT NULL,
  notifications jsonb NOT NULL
);

CREATE TABLE users.outbox (
  position bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  id uuid NOT NULL,
  event text NOT NULL,
  version integer NOT NULL,
  service text NOT NULL,
  subject text NOT NULL,
  trace_id text NOT NULL,
  span_id text NOT NULL,
  data jsonb NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  due_at timestamptz NOT NULL DEFAULT now(),
  attempts integer NOT NULL DEFAULT 0,
  last_error text
);
CREATE INDEX outbox_due_idx ON users.outbox (due_at);
CREATE INDEX outbox_subject_idx ON users.outbox (subject, position);

CREATE TABLE users.inbox (
  id uuid PRIMARY KEY,
  event text NOT NULL,
  received_at timestamptz NOT NULL DEFAULT now()
);
