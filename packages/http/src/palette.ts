/** The colours of all pages that people see, light and dark: text on `--paper`, `--card` or, for `--on-accent`, on `--accent`. */
export const palette = `:root{color-scheme:light dark;--ink:#1d2327;--soft:#5f6670;--paper:#fbfaf7;--card:#fff;--line:#e2ded4;--accent:#a4471c;--on-accent:#fff;--good:#2a7449;--poor:#b26a00;--bad:#b3261e}
@media(prefers-color-scheme:dark){:root{--ink:#e9e6df;--soft:#a3a8ad;--paper:#16181a;--card:#1e2124;--line:#34383c;--accent:#f0956a;--on-accent:#16181a;--good:#63c48c;--poor:#e6ad55;--bad:#f2837b}}`;
