import type { Details } from "../driver.ts";
import { Refusal } from "../refusal.ts";
import { bytesOf, type Catalogue } from "./catalogue.ts";

export interface Part {
  number: number;
  blob: string;
  size: number;
  etag: string;
  md5: string;
}

/** Multipart uploads and their parts in the catalogue. What changes them belongs into `catalogue.change`. */
export interface UploadTable {
  begin(id: string, key: string, details: Details): void;
  /** What the upload began with; refuses one that is over, or that never was of this key. */
  open(key: string, id: string): Details;
  parts(id: string): Part[];
  put(id: string, part: Part): void;
  /** Ends it, completed or not, and hands back the blobs of its parts. Ending it again changes nothing. */
  end(key: string, id: string): string[];
  /** Forgets uploads that began before `time`, and hands back the blobs of their parts. */
  forgetBefore(time: number): string[];
}

export function openUploadTable({ prepare }: Catalogue): UploadTable {
  const insert = prepare("INSERT INTO uploads (id, key, details, begun) VALUES (?, ?, ?, ?)");
  const find = prepare("SELECT details, ended FROM uploads WHERE id = ? AND key = ?");
  const end = prepare("UPDATE uploads SET ended = 1 WHERE id = ?");
  const forget = prepare("DELETE FROM uploads WHERE begun < ?");
  const put = prepare("INSERT OR REPLACE INTO parts (upload, number, blob, size, etag, md5) VALUES (?, ?, ?, ?, ?, ?)");
  const list = prepare("SELECT number, blob, size, etag, md5 FROM parts WHERE upload = ?");
  const drop = prepare("DELETE FROM parts WHERE upload = ? RETURNING blob");
  const dropOrphans = prepare("DELETE FROM parts WHERE upload NOT IN (SELECT id FROM uploads) RETURNING blob");
  return {
    begin: (id, key, details) => void insert.run(id, bytesOf(key), JSON.stringify(details), Date.now()),
    open(key, id) {
      const row = find.get(id, bytesOf(key));
      if (!row || row.ended === 1) throw new Refusal("noSuchUpload");
      return storedDetails(String(row.details));
    },
    parts: (id) => list.all(id).map(partOf),
    put: (id, { number, blob, size, etag, md5 }) => void put.run(id, number, blob, size, etag, md5),
    end(key, id) {
      if (!find.get(id, bytesOf(key))) throw new Refusal("noSuchUpload");
      end.run(id);
      return drop.all(id).map(({ blob }) => String(blob));
    },
    forgetBefore(time) {
      forget.run(time);
      return dropOrphans.all().map(({ blob }) => String(blob));
    },
  };
}

/** `begin` above is the only one to write this column, and wrote it from `Details`. */
const storedDetails = (json: string): Details => JSON.parse(json) as Details;

const partOf = (row: Record<string, unknown>): Part => ({
  number: Number(row.number),
  blob: String(row.blob),
  size: Number(row.size),
  etag: String(row.etag),
  md5: String(row.md5),
});
