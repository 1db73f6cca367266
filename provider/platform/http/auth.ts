/** The bearer token of the local API. */
import * as crypto from "node:crypto";
import * as fs from "node:fs/promises";

const TOKEN_BYTES = 32;

/** Reads the token of this state folder, or creates it with file mode 0600. The caller must hold the folder's lock. */
export async function loadOrCreateToken(file: string): Promise<string> {
  const stored = await fs.readFile(file, "utf8").catch(() => "");
  if (/^[0-9a-f]{64}\s*$/.test(stored)) return stored.trim();
  const token = crypto.randomBytes(TOKEN_BYTES).toString("hex");
  await fs.rm(file, { force: true });
  await fs.writeFile(file, token, { mode: 0o600, flag: "wx" });
  return token;
}

/** Creates a check of `Authorization` headers that takes constant time. */
export function createBearerCheck(token: string): (header: string | undefined) => boolean {
  const expected = crypto.hash("sha256", `Bearer ${token}`, "buffer");
  return (header) => header !== undefined && crypto.timingSafeEqual(crypto.hash("sha256", header, "buffer"), expected);
}
