import { access } from "@trivet/http";
import { errorCodes, isErrorCode, TrivetError } from "@trivet/platform";
import { z } from "zod";
import { route } from "../deps.ts";
import { escapeHtml, htmlContent, page, pageHeaders } from "../page.ts";

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
    const body = `<h1>${escapeHtml(error)}</h1>
<p><code>${code}</code>, status ${status}</p>
<h2>For whoever called</h2><p>${escapeHtml(detail)}</p>
<h2>For whoever runs this</h2><p>${escapeHtml(operator)}</p>`;
    return c.body(page(error, body), 200, pageHeaders);
  },
);
