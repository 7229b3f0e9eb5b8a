-- WebAuthn credentials: a login without a password.
CREATE TABLE auth.passkeys (
  id uuid PRIMARY KEY,
  user_id uuid NOT NULL REFERENCES auth.users (id) ON DELETE CASCADE,
  name text NOT NULL,
  -- The authenticator's own id of the credential, in base64url.
  credential_id text NOT NULL,
  -- COSE, in base64url.
  public_key text NOT NULL,
  -- How often the authenticator says it has signed; many always say 0.
  counter bigint NOT NULL,
  transports text[] NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  last_used_at timestamptz
);
CREATE UNIQUE INDEX passkeys_credential_key ON auth.passkeys (credential_id);
CREATE INDEX passkeys_user_idx ON auth.passkeys (user_id);
