import { palette } from "@trivet/http";

/** One look for all pages, light and dark, readable at any size. */
export const style = `
${palette}
* { box-sizing: border-box; }
body { margin: 0; min-height: 100vh; display: grid; place-items: center; padding: 1.5rem; background: var(--paper); color: var(--ink); font: 1.0625rem/1.55 system-ui, sans-serif; }
main { width: min(100%, 30rem); padding: 2rem; background: var(--card); border: 1px solid var(--line); border-top: 4px solid var(--accent); border-radius: 12px; }
main:has(.mail) { width: min(100%, 48rem); }
h1 { margin: 0 0 .75rem; font-size: 1.5rem; line-height: 1.25; text-wrap: balance; }
p { margin: 0 0 1.25rem; }
a { color: var(--accent); }
label { display: block; font-weight: 600; margin-bottom: .375rem; }
input { width: 100%; padding: .75rem; font: inherit; color: inherit; background: transparent; border: 1px solid var(--line); border-radius: 8px; margin-bottom: .375rem; }
.hint { font-size: .9375rem; color: var(--soft); }
button { width: 100%; padding: .8rem 1rem; font: inherit; font-weight: 600; color: var(--on-accent); background: var(--accent); border: 0; border-radius: 8px; cursor: pointer; }
button:disabled { opacity: .6; cursor: default; }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; }
output { display: block; margin-top: 1rem; font-weight: 600; }
output:empty { display: none; }
.bad { color: var(--bad); }
.good { color: var(--good); }
.mail { border-top: 1px solid var(--line); padding: 1rem 0; }
.mail h2 { margin: 0; font-size: 1.0625rem; }
.mail p { margin: 0 0 .5rem; font-size: .9375rem; color: var(--soft); }
.mail pre { margin: 0; white-space: pre-wrap; overflow-wrap: anywhere; font: .9375rem/1.5 ui-monospace, monospace; }
`;
