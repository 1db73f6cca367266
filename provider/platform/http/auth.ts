/** The bearer token of the local API. */
import * as crypto from "node:crypto";
import * as fs from "node:fs/promises";

const TOKEN_BYTES = 32;

/** The token of this state folder: kept when it exists, else made (0600). Called with the state folder's lock held. */
export async function loadOrCreateToken(file: string): Promise<string> {
  const kept = await fs.readFile(file, "utf8").catch(() => "");
  if (/^[0-9a-f]{64}\s*$/.test(kept)) return kept.trim();
  const token = crypto.randomBytes(TOKEN_BYTES).toString("hex");
  await fs.rm(file, { force: true });
  await fs.writeFile(file, token, { mode: 0o600, flag: "wx" });
  return token;
}

/** Checks `Authorization` headers in a time that does not depend on their content. */
export function createBearerCheck(token: string): (header: string | undefined) => boolean {
  const expected = crypto.hash("sha256", `Bearer ${token}`, "buffer");
  return (header) => header !== undefined && crypto.timingSafeEqual(crypto.hash("sha256", header, "buffer"), expected);
}
