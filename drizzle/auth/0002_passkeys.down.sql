DROP TABLE auth.passkeys;
