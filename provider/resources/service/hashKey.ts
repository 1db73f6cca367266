/**
 * Hashes of values that may be secret. Tags can be read in the metro, and most outputs in the state, so a plain hash of a short secret
 * could be found by trying. The key of these hashes is an encrypted output.
 */
import * as crypto from "node:crypto";
import type { Properties } from "../../definition/resource";
import type { Workload } from "../workload/inputs";
import { fingerprint } from "../workload/request";

const KEY_BYTES = 16;
/** Hexadecimal digits. Without the key nothing can be tried, so that they only have to tell a few values apart. */
const HASH_LENGTH = 12;

/** A new key, random: 32 hexadecimal digits. */
export const newHashKey = (): string => crypto.randomBytes(KEY_BYTES).toString("hex");

/** The key in the outputs of a service; `undefined` in those of an earlier release, and if it was only looked up. */
export function hashKeyIn({ hashKey }: Properties): string | undefined {
  return typeof hashKey === "string" && hashKey !== "" ? hashKey : undefined;
}

/** The hash of a template, which its `env` may make secret: of its fingerprint, which is what the tags of a replica say of it. */
export const templateHash = (key: string, template: Partial<Workload>): string => keyedHash(key, fingerprint(template));

/** The hash of a text, 12 hexadecimal digits. */
export const keyedHash = (key: string, text: string): string =>
  crypto.createHmac("sha256", key).update(text).digest("hex").slice(0, HASH_LENGTH);
