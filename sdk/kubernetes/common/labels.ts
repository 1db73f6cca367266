/** Labels that tell which component of which stack an object belongs to, and the selectors that find its pods. Pure. */
import * as crypto from "node:crypto";

/** Labels by key. */
export type Labels = { readonly [key: string]: string };

/** Longest value of a label. Source: Kubernetes, "Labels and Selectors". */
const MAX_LENGTH = 63;
const HASH_LENGTH = 8;

/**
 * A value for a label: the text itself where it may be one. Otherwise what may not be in a label becomes `-`, and a hash keeps different
 * texts different.
 */
export function labelValue(text: string): string {
  if (text.length <= MAX_LENGTH && /^[A-Za-z0-9](?:[-A-Za-z0-9_.]*[A-Za-z0-9])?$/.test(text)) return text;
  const hash = crypto.createHash("sha256").update(text).digest("hex").slice(0, HASH_LENGTH);
  const readable = text
    .replace(/[^-A-Za-z0-9_.]/g, "-")
    .replace(/^[^A-Za-z0-9]+/, "")
    .slice(0, MAX_LENGTH - HASH_LENGTH - 1);
  return readable === "" ? hash : `${readable}-${hash}`;
}

/** What finds the pods of one part of a component: the instance is unique among the stacks of a namespace. */
export const selectorOf = (instance: string, part: string): Labels => ({
  "app.kubernetes.io/instance": instance,
  "app.kubernetes.io/component": part,
});

/** The labels of an object. */
export const labelsOf = (instance: string, part: string): Labels => ({
  ...selectorOf(instance, part),
  "app.kubernetes.io/managed-by": "pulumi",
});
