/** The two readers of an OpenAPI document. Their scripts are files of the `[assets]` binding. */
export type Reader = "scalar" | "redoc";

export interface PageOptions {
  title: string;
  /** Where the document is. */
  documentPath: string;
  /** Where the scripts are. */
  assetsPath: string;
}

const escapes: Record<string, string> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" };
const escapeHtml = (text: string): string => text.replaceAll(/[&<>"]/g, (char) => escapes[char] ?? char);

const bodies: Record<Reader, (options: PageOptions) => string> = {
  scalar: ({ documentPath, assetsPath }) => `<div id="app"></div>
<script src="${assetsPath}/scalar.js"></script>
<script src="${assetsPath}/start-scalar.js" data-document="${escapeHtml(documentPath)}"></script>`,
  redoc: ({ documentPath, assetsPath }) => `<div id="app"></div>
<script src="${assetsPath}/redoc.js"></script>
<script src="${assetsPath}/start-redoc.js" data-document="${escapeHtml(documentPath)}"></script>`,
};

/** Everything from this origin; the readers style themselves inline, and ReDoc searches in a blob worker. */
const policy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data: blob:",
  "font-src 'self' data:",
  "connect-src 'self'",
  "worker-src blob:",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join("; ");

/** A page that shows an OpenAPI document without asking any other server. */
export function readerPage(reader: Reader, options: PageOptions): Response {
  const html = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(options.title)}</title>
<link rel="icon" href="data:,">
<style>body{margin:0}</style>
</head>
<body>
${bodies[reader](options)}
</body>
</html>
`;
  return new Response(html, {
    headers: {
      "content-type": "text/html; charset=utf-8",
      "content-security-policy": policy,
      "cache-control": "no-cache",
      "x-content-type-options": "nosniff",
      "referrer-policy": "no-referrer",
    },
  });
}
