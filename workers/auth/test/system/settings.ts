/** The environment of the service under test. */
export const settings = {
  LOG_LEVEL: "fatal",
  PUBLIC_URL: "http://localhost:8787",
  SERVICE_JWT_SECRET: "0123456789abcdef0123456789abcdef0123",
  AUTH_SECRET: "abcdef0123456789abcdef0123456789abcd",
  ADMIN_EMAILS: "root@example.com, Chief@example.com",
};
