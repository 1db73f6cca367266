/**
 * The hash of the contents of `files` and of build secrets, which may be guessed from a plain hash. Pure.
 *
 * A plain hash of a short secret, salted or not, can be guessed by trying all secrets, so the hash is keyed (HMAC-SHA-256): without
 * the key it says nothing. It serves to find an image among those that this machine has built, and is part of nothing else: not of
 * state, output, the image, or its provenance. State needs none, because it has the contents themselves, encrypted if they are secret.
 */
import * as crypto from "node:crypto";
import type { Digest } from "../../../base/digest";

/** Bytes of a key. Source: RFC 2104, section 3: at least the length of the hash. */
export const KEY_BYTES = 32;

/** A new key. */
export const createHashKey = (): Uint8Array => crypto.randomBytes(KEY_BYTES);

/** The key of this process, for a hash that is compared within the process only. */
const processKey = createHashKey();

/** A content: what it is, its path in the guest or its id, and its digest. */
export type SecretContent = readonly [kind: "file" | "build secret", name: string, digest: Digest];

/**
 * The keyed hash of contents; `undefined` if there are none.
 *
 * @param contents in any order
 * @param key defaults to a key of this process
 */
export function hashSecretContents(
  contents: readonly SecretContent[],
  key: Uint8Array = processKey,
): Digest | undefined {
  if (contents.length === 0) return undefined;
  const rows = [...contents].sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1));
  return `sha256:${crypto.createHmac("sha256", key).update(JSON.stringify(rows)).digest("hex")}`;
}
