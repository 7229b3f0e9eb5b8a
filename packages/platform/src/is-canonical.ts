/** Whether this is the only way to write its bytes in base64url: no padding, no loose bits (RFC 4648, 3.5). */
export function isCanonical(text: string): boolean {
  if (/[^\w-]/.test(text)) return false;
  const last = text.at(-1) ?? "";
  if (text.length % 4 === 2) return "AQgw".includes(last);
  if (text.length % 4 === 3) return "AEIMQUYcgkosw048".includes(last);
  return text.length % 4 === 0;
}
