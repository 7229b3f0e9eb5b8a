import type { S3Client } from "./client.ts";
import { S3Fault } from "./fault.ts";
import { md5Of } from "./parts.ts";
import { withMd5 } from "./verify.ts";
import { childrenOf, errorIn, escaped, fitsXml, rootOf, textOf } from "./xml.ts";

/** Up to 1,000 keys in one call, but for those that XML cannot name. */
export async function deleteObjects(client: S3Client, keys: readonly string[]): Promise<void> {
  const nameable = keys.filter(fitsXml);
  const single = nameable.length === 1 ? keys : keys.filter((key) => !fitsXml(key));
  for (const key of single) {
    const answer = await client.call({ method: "DELETE", key, expect: [200, 204, 404] });
    await answer.text();
  }
  if (nameable.length > 1) await deleteTogether(client, nameable);
}

async function deleteTogether(client: S3Client, keys: readonly string[]): Promise<void> {
  const objects = keys.map((key) => `<Object><Key>${escaped(key)}</Key></Object>`).join("");
  const bytes = new TextEncoder().encode(`<Delete><Quiet>true</Quiet>${objects}</Delete>`);
  const headers = withMd5(md5Of(bytes), new Headers({ "content-type": "application/xml" }));
  const query = { delete: "" };
  const answer = await client.call({ method: "POST", query, headers, body: { bytes }, expect: [200] });
  const xml = await answer.text();
  const error = errorIn(xml);
  if (error) throw new S3Fault(error.code, `Objects were not deleted: ${error.code}: ${error.message}`);
  const [failed] = childrenOf(rootOf(xml, "DeleteResult"), "Error");
  if (failed) {
    const code = textOf(failed, "Code") ?? "Unknown";
    throw new S3Fault(
      code,
      `An object was not deleted: ${code}: ${textOf(failed, "Message") ?? "no reason was given"}`,
    );
  }
}
