import { palette } from "@trivet/http";
import { sha256 } from "@trivet/platform";
import { script } from "./script.ts";

const style = `${palette}
*{box-sizing:border-box}body{margin:0;background:var(--paper);color:var(--ink);font:16px/1.55 system-ui,sans-serif}
main{max-width:64rem;margin:0 auto;padding:2.5rem 1.25rem 4rem}a{color:var(--accent)}p{margin:.4rem 0}
h1{font-size:1.8rem;line-height:1.2;margin:0}h2{font-size:1.05rem;margin:2.2rem 0 .7rem}.soft{color:var(--soft)}[hidden]{display:none!important}
form{display:grid;gap:.7rem;max-width:24rem;margin-top:1.5rem;padding:1.4rem;background:var(--card);border:1px solid var(--line);border-top:4px solid var(--accent);border-radius:.7rem}
label{display:grid;gap:.2rem;font-weight:600;font-size:.95rem}input{padding:.6rem;font:inherit;color:inherit;background:transparent;border:1px solid var(--line);border-radius:.5rem}
button{padding:.65rem 1rem;font:inherit;font-weight:600;color:var(--on-accent);background:var(--accent);border:0;border-radius:.5rem;cursor:pointer}:focus-visible{outline:3px solid var(--accent);outline-offset:2px}
.cards{display:grid;grid-template-columns:repeat(auto-fit,minmax(11rem,1fr));gap:1rem;margin:1.5rem 0 0}.cards div{padding:1rem 1.1rem;background:var(--card);border:1px solid var(--line);border-radius:.6rem}
.cards b{display:block;font-size:1.6rem;line-height:1.3;font-variant-numeric:tabular-nums}.bad{color:var(--bad)}.poor{color:var(--poor)}.good{color:var(--good)}
.wide{overflow-x:auto}table{width:100%;border-collapse:collapse;background:var(--card);border:1px solid var(--line)}th,td{padding:.5rem .8rem;text-align:left;border-bottom:1px solid var(--line);white-space:nowrap}
th{font-size:.85rem;color:var(--soft)}td.n,th.n{text-align:right;font-variant-numeric:tabular-nums}#tail td{font:.85rem/1.5 ui-monospace,monospace}`;

const document = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<link rel="icon" href="data:,">
<title>Events · Trivet</title>
<style>${style}</style>
</head>
<body><main>
<h1>Events</h1>
<p class="soft" id="state" role="status">What is announced, who hears of it, and how far behind they are.</p>
<form id="enter">
<label>Account<input name="account" autocomplete="username" required></label>
<label>Password<input name="password" type="password" autocomplete="current-password" required></label>
<label>Code, where there is a second factor<input name="code" inputmode="numeric" autocomplete="one-time-code"></label>
<button>Sign in as an administrator</button>
</form>
<section id="shown" hidden>
<div class="cards" id="figures"></div>
<h2>Who listens</h2>
<div class="wide"><table><thead><tr><th>Subscriber</th><th class="n">Waiting</th><th class="n">Lag</th><th class="n">Dead letters</th><th class="n">Events</th></tr></thead><tbody id="consumers"></tbody></table></div>
<h2>As it happens</h2>
<div class="wide"><table><thead><tr><th class="n">Position</th><th>Time</th><th>Event</th><th>By</th><th>About</th></tr></thead><tbody id="tail"></tbody></table></div>
</section>
</main>
<script type="module">${script}</script>
</body>
</html>
`;

const hashed = (text: string): string => `'sha256-${sha256(text)}='`;

const policy = [
  "default-src 'none'",
  `style-src ${hashed(style)}`,
  `script-src ${hashed(script)}`,
  "img-src data:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join("; ");

/** Holds nothing by itself: what it shows it asks for with the token of whoever signs in. */
export const consolePage = {
  document,
  headers: {
    "content-type": "text/html; charset=utf-8",
    "content-security-policy": policy,
    "cache-control": "no-cache",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
  },
};
