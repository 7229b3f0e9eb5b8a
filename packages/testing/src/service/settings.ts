/** What every service is told where it runs by itself under test, and the keys under which they encrypt. */
export const serviceSettings = {
  LOG_LEVEL: "fatal",
  PUBLIC_URL: "http://localhost:8787",
  SERVICE_JWT_SECRET: "0123456789abcdef0123456789abcdef0123",
  AUTH_KEY: "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8",
  USERS_KEY: "ICEiIyQlJicoKSorLC0uLzAxMjM0NTY3ODk6Ozw9Pj8",
  ANALYTICS_KEY: "QEFCQ0RFRkdISUpLTE1OT1BRUlNUVVZXWFlaW1xdXl8",
};
