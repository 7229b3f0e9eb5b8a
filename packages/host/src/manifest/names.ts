/** `user-media` -> `USER_MEDIA`: how a service's name appears in the names of variables. */
export const variablePrefix = (service: string): string => service.toUpperCase().replaceAll("-", "_");
