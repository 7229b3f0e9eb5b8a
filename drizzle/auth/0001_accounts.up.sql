-- Accounts, how they are proven, and the sessions that come of it. The tables users, identities,
-- verifications and two_factors are those of better-auth, under our names.

CREATE TABLE auth.users (
  id uuid PRIMARY KEY,
  -- Stored in lower case: two spellings of an address are one account.
  email text NOT NULL CONSTRAINT users_email_lower CHECK (email = lower(email)),
  email_verified boolean NOT NULL DEFAULT false,
  -- As its owner writes it; unique without regard to case.
  username text NOT NULL,
  name text NOT NULL,
  image text,
  role text NOT NULL DEFAULT 'user' CONSTRAINT users_role_known CHECK (role IN ('user', 'moderator', 'admin')),
  two_factor_enabled boolean NOT NULL DEFAULT false,
  banned boolean NOT NULL DEFAULT false,
  ban_reason text,
  -- Null beside banned = true means for good.
  banned_until timestamptz,
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now()
);
CREATE UNIQUE INDEX users_email_key ON auth.users (email);
CREATE UNIQUE INDEX users_username_key ON auth.users (lower(username));

-- One way to prove who one is: provider 'credential' holds a password hash, any other an identity at
-- an OAuth provider.
CREATE TABLE auth.identities (
  id uuid PRIMARY KEY,
  user_id uuid NOT NULL REFERENCES auth.users (id) ON DELETE CASCADE,
  provider_id text NOT NULL,
  account_id text NOT NULL,
  password text,
  access_token text,
  refresh_token text,
  id_token text,
  access_token_expires_at timestamptz,
  refresh_token_expires_at timestamptz,
  scope text,
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now()
);
CREATE UNIQUE INDEX identities_provider_key ON auth.identities (provider_id, account_id);
CREATE INDEX identities_user_idx ON auth.identities (user_id);

-- Single-use values: links in mails, OAuth states, one-time codes. The identifier is a hash.
CREATE TABLE auth.verifications (
  id text PRIMARY KEY,
  identifier text NOT NULL,
  value text NOT NULL,
  expires_at timestamptz NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX verifications_identifier_idx ON auth.verifications (identifier);
CREATE INDEX verifications_value_idx ON auth.verifications (value);
CREATE INDEX verifications_expires_idx ON auth.verifications (expires_at);

CREATE TABLE auth.two_factors (
  id uuid PRIMARY KEY,
  user_id uuid NOT NULL REFERENCES auth.users (id) ON DELETE CASCADE,
  -- Both encrypted.
  secret text NOT NULL,
  backup_codes text NOT NULL,
  verified boolean NOT NULL DEFAULT false,
  failed_verification_count integer NOT NULL DEFAULT 0,
  locked_until timestamptz,
  -- The time step of the last code that was accepted: a code counts once (RFC 6238, 5.2).
  last_step bigint NOT NULL DEFAULT 0
);
CREATE UNIQUE INDEX two_factors_user_key ON auth.two_factors (user_id);

-- A login. All refresh tokens that descend from one login are one family: this row.
CREATE TABLE auth.sessions (
  id uuid PRIMARY KEY,
  user_id uuid NOT NULL REFERENCES auth.users (id) ON DELETE CASCADE,
  user_agent text,
  -- The administrator who acts as the user.
  impersonator_id uuid REFERENCES auth.users (id) ON DELETE CASCADE,
  created_at timestamptz NOT NULL DEFAULT now(),
  last_used_at timestamptz NOT NULL DEFAULT now(),
  expires_at timestamptz NOT NULL
);
CREATE INDEX sessions_user_idx ON auth.sessions (user_id);
CREATE INDEX sessions_impersonator_idx ON auth.sessions (impersonator_id) WHERE impersonator_id IS NOT NULL;
CREATE INDEX sessions_expires_idx ON auth.sessions (expires_at);

CREATE TABLE auth.refresh_tokens (
  -- SHA-256 of the token.
  hash text PRIMARY KEY,
  session_id uuid NOT NULL REFERENCES auth.sessions (id) ON DELETE CASCADE,
  created_at timestamptz NOT NULL DEFAULT now(),
  rotated_at timestamptz
);
CREATE INDEX refresh_tokens_session_idx ON auth.refresh_tokens (session_id);

CREATE TABLE auth.signing_keys (
  kid text PRIMARY KEY,
  public_jwk jsonb NOT NULL,
  -- Encrypted with AUTH_SECRET.
  sealed_private_jwk text NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  -- Published before it signs, so that everybody knows it by then.
  signs_from timestamptz NOT NULL,
  -- Null while it is the newest.
  published_until timestamptz
);

CREATE TABLE auth.api_keys (
  id uuid PRIMARY KEY,
  user_id uuid NOT NULL REFERENCES auth.users (id) ON DELETE CASCADE,
  name text NOT NULL,
  -- SHA-256 of the key.
  hash text NOT NULL,
  -- The first characters, by which its owner recognises it.
  hint text NOT NULL,
  -- Null means everything its owner may do.
  scopes text[],
  created_at timestamptz NOT NULL DEFAULT now(),
  expires_at timestamptz,
  last_used_at timestamptz
);
CREATE UNIQUE INDEX api_keys_hash_key ON auth.api_keys (hash);
CREATE INDEX api_keys_user_idx ON auth.api_keys (user_id);

-- Consecutive failed logins of one account, known or not.
CREATE TABLE auth.account_brakes (
  key text PRIMARY KEY,
  failures integer NOT NULL,
  blocked_until timestamptz,
  updated_at timestamptz NOT NULL
);
CREATE INDEX account_brakes_updated_idx ON auth.account_brakes (updated_at);

-- The times of recent tries from one address.
CREATE TABLE auth.address_brakes (
  key text PRIMARY KEY,
  tries timestamptz[] NOT NULL,
  updated_at timestamptz NOT NULL
);
CREATE INDEX address_brakes_updated_idx ON auth.address_brakes (updated_at);

-- Where an account has logged in before, as a keyed hash: guesses from elsewhere do not shut its owner out.
CREATE TABLE auth.known_addresses (
  user_id uuid NOT NULL REFERENCES auth.users (id) ON DELETE CASCADE,
  address_hash text NOT NULL,
  last_used_at timestamptz NOT NULL,
  PRIMARY KEY (user_id, address_hash)
);

-- What administrators did. It outlives the accounts it speaks of.
CREATE TABLE auth.audit (
  id uuid PRIMARY KEY,
  actor_id uuid NOT NULL,
  action text NOT NULL,
  subject_id text NOT NULL,
  details jsonb NOT NULL DEFAULT '{}',
  request_id text NOT NULL,
  at timestamptz NOT NULL DEFAULT now()
);

-- Mails waiting to be sent; in development, the mailbox. Encrypted: they carry links that open accounts.
CREATE TABLE auth.mails (
  id uuid PRIMARY KEY,
  sealed text NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  expires_at timestamptz NOT NULL
);
CREATE INDEX mails_expires_idx ON auth.mails (expires_at);

-- Events committed to and not yet delivered.
CREATE TABLE auth.outbox (
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
CREATE INDEX outbox_due_idx ON auth.outbox (due_at);
CREATE INDEX outbox_subject_idx ON auth.outbox (subject, position);
