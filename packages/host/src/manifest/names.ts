/** `user-media` -> `USER_MEDIA`: how a service's name appears in the names of variables. */
export const variablePrefix = (service: string): string => service.toUpperCase().replaceAll("-", "_");

/** The host's schema, role and `DATABASE_URL_HOST` bear this name, so no service can. */
export const hostName = "host";
