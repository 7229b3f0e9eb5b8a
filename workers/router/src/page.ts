import { palette } from "@trivet/http";

const escapes: Record<string, string> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" };

export const escapeHtml = (text: string): string => text.replaceAll(/[&<>"]/g, (char) => escapes[char] ?? char);

const style = `${palette}
*{box-sizing:border-box}body{margin:0;background:var(--paper);color:var(--ink);font:16px/1.55 system-ui,sans-serif}
main{max-width:56rem;margin:0 auto;padding:3rem 1.25rem 4rem}a{color:var(--accent)}p{margin:.4rem 0}
header{display:flex;gap:1.1rem;align-items:center}header svg{width:3.6rem;height:3.6rem;color:var(--accent);flex:none}
h1{font-size:2rem;line-height:1.2;margin:0}h2{font-size:1.05rem;margin:2.4rem 0 .7rem}h3{font-size:1.1rem;margin:0}
code,pre{font:.9em/1.55 ui-monospace,monospace}pre{overflow:auto;margin:.6rem 0;padding:1rem;background:var(--card);border:1px solid var(--line);border-radius:.6rem}
.soft{color:var(--soft)}.state{display:inline-flex;align-items:center;gap:.5rem}.state::before{content:"";width:.65rem;height:.65rem;border-radius:50%;background:var(--state)}
.ok{--state:var(--good)}.degraded{--state:var(--poor)}.unreachable{--state:var(--bad)}
.cards{display:grid;grid-template-columns:repeat(auto-fit,minmax(15.5rem,1fr));gap:1rem;margin:.8rem 0 0;padding:0;list-style:none}
.cards li{padding:1.1rem 1.2rem;background:var(--card);border:1px solid var(--line);border-top:3px solid var(--state,var(--line));border-radius:.6rem}
.cards .head{display:flex;justify-content:space-between;align-items:baseline;gap:1rem}
.cards p{margin:0}dl{display:grid;grid-template-columns:auto 1fr;gap:.1rem .9rem;margin:.8rem 0;font-size:.92rem}dt{color:var(--soft)}dd{margin:0;text-align:right}
.links{display:flex;flex-wrap:wrap;gap:.2rem .9rem;font-size:.95rem}`;

/** A page of the router itself: no script, its one style sheet inline. */
export function page(title: string, body: string): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(title)}</title>
<style>${style}</style>
</head>
<body><main>
${body}
</main></body>
</html>
`;
}

export const pageHeaders = {
  "content-type": "text/html; charset=utf-8",
  "content-security-policy": "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; frame-ancestors 'none'",
  "cache-control": "no-cache",
};

/** The OpenAPI content of a page. */
export const htmlContent = (description: string) => ({
  description,
  content: { "text/html": { schema: { type: "string" as const } } },
});
