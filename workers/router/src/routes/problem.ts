import { access } from "@trivet/http";
import { errorCodes, isErrorCode, TrivetError } from "@trivet/platform";
import { z } from "zod";
import { route } from "../deps.ts";
import { escapeHtml, htmlContent, page, pageHeaders } from "../page.ts";

const others = Object.keys(errorCodes)
  .map((code) => `<a href="/problems/${code}">${code}</a>`)
  .join(" ");

/** Where the `type` of every problem leads. */
export const problem = route(
  {
    method: "get",
    path: "/problems/{code}",
    summary: "What a problem's code means",
    tags: ["router"],
    access: access.anyone,
    request: { params: z.object({ code: z.string().max(64) }) },
    responses: { 200: htmlContent("The page") },
    errors: ["not_found"],
  },
  async (c) => {
    const { code } = c.req.valid("param");
    if (!isErrorCode(code)) throw new TrivetError("not_found", "There is no problem of this code.");
    const { status, error, detail, operator } = errorCodes[code];
    const body = `<p class="soft"><code>${code}</code> · status ${status}</p><h1>${escapeHtml(error)}</h1>
<h2>For whoever called</h2><p>${proseHtml(detail)}</p>
<h2>For whoever runs this</h2><p>${proseHtml(operator)}</p>
<h2>All codes</h2><p class="links">${others}</p>
<h2>Elsewhere</h2><p class="links"><a href="/">What runs here</a> <a href="/docs">Reference</a></p>`;
    return c.body(page(error, body), 200, pageHeaders);
  },
);

/** The table's texts name fields and headers in backticks, which JSON shows as they are and a page as code. */
const proseHtml = (text: string): string => escapeHtml(text).replaceAll(/`([^`]+)`/g, "<code>$1</code>");
