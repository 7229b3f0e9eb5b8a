/** What has fewer characters can be guessed. */
export const shortestSecret = 32;

const placeholder = /^(?:secret|password|test)|change[-_ ]?me|placeholder|your[-_ ]|example|^(.)\1*$/i;

/** Whether this stands where a secret was to be put, as examples and templates have it. */
export const isPlaceholder = (value: string): boolean => placeholder.test(value);
