const escapes: Record<string, string> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" };

export const escapeHtml = (text: string): string => text.replaceAll(/[&<>"]/g, (char) => escapes[char] ?? char);

const style = `:root{color-scheme:light dark;--ink:#1d2327;--paper:#fbfaf7;--line:#d9d5cb;--accent:#a4471c}
@media(prefers-color-scheme:dark){:root{--ink:#e9e6df;--paper:#16181a;--line:#383b3e;--accent:#f0956a}}
*{box-sizing:border-box}body{margin:0;background:var(--paper);color:var(--ink);font:16px/1.55 system-ui,sans-serif}
main{max-width:46rem;margin:0 auto;padding:3rem 1.25rem}h1{font-size:1.9rem;margin:0 0 .3rem}h2{font-size:1.05rem;margin:2rem 0 .6rem}
p{margin:.4rem 0}a{color:var(--accent)}table{border-collapse:collapse;width:100%}td,th{text-align:left;padding:.5rem .75rem .5rem 0;border-bottom:1px solid var(--line);vertical-align:top}
code,pre{font:.9em/1.5 ui-monospace,monospace}pre{overflow:auto;padding:1rem;border:1px solid var(--line);border-radius:.5rem}`;

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
