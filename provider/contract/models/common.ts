/** Parts that several bodies share. */
import * as z from "zod";
import { mapOf } from "../../base/mapSchema";

/** A TCP or UDP port. */
export const port = z.int().min(1).max(65535);
/** Longest time for open connections to end, for which -1 stands. Milliseconds. Source: the cloud's documentation. */
export const MAX_DRAIN_MS = 3_600_000;
/** RFC 3339, UTC. */
export const timestamp = z.string();
/** Text that a file, a guest and a terminal can hold: no control characters, and no halves of surrogate pairs. */
const isPlainText = (text: string): boolean => !/[\x00-\x1f\x7f]/.test(text) && text.isWellFormed();
/** Name of a part of an object, such as a schedule. */
export const partName = (maxLength: number) =>
  z.string().min(1).max(maxLength).refine(isPlainText, "must not contain control characters or unpaired surrogates");
/** Name of an object. */
export const name = partName(255);
/** Text that a guest gets: a C string of UTF-8. */
export const guestText = z
  .string()
  .refine((text) => !text.includes("\0") && text.isWellFormed(), "must not contain NUL or unpaired surrogates");

/** Exactly one of uuid and name. */
export const nameOrUuid = z.union([
  z.strictObject({ uuid: z.string().min(1) }),
  z.strictObject({ name: z.string().min(1) }),
]);
export type NameOrUuid = z.infer<typeof nameOrUuid>;

/** An object named by exactly one of uuid and name, with what is asked of it. */
export const withSelector = <S extends z.core.$ZodLooseShape>(shape: S) =>
  z.union([
    z.strictObject({ uuid: z.string().min(1), ...shape }),
    z.strictObject({ name: z.string().min(1), ...shape }),
  ]);

/** What any item of a reply may carry beside its own fields. `error` is one of `ITEM_CODES`. */
export const itemStatus = {
  status: z.enum(["success", "error", "partial_success"]).optional(),
  message: z.string().optional(),
  error: z.int().optional(),
};

/** An item that failed: it echoes the selector it was given, by uuid or by name, and carries little else. */
export const failedItem = z.looseObject({
  status: z.literal("error"),
  message: z.string().optional(),
  error: z.int().optional(),
});

/** What is left to say of an object after something was done to it. */
export const idItem = z.looseObject({ ...itemStatus, uuid: z.string(), name: z.string() });

/** Answer to a PATCH: one item per triple; `id` echoes the triple's. */
export const patchedItem = z.looseObject({
  ...itemStatus,
  uuid: z.string(),
  name: z.string(),
  id: z.string().optional(),
});

/** Up to 16 tags of 256 characters. Source: the platform's documentation. */
export const tags = z.array(z.string().regex(/^[A-Za-z0-9\-+_.:=]{1,256}$/)).max(16);

/**
 * Up to 256 annotations, which reach the guest. A key is `[prefix/]name`: a DNS subdomain of up to 253 characters, and up to 63
 * letters, digits, `-`, `_` and `.` that begin and end with a letter or digit. Values hold no control characters.
 */
export const annotations = z
  .record(
    z.string().regex(/^(?:[a-z0-9](?:[-a-z0-9.]{0,251}[a-z0-9])?\/)?[A-Za-z0-9](?:[-_.A-Za-z0-9]{0,61}[A-Za-z0-9])?$/),
    z.string().regex(/^[^\x00-\x1f\x7f]*$/),
  )
  .refine((all) => Object.keys(all).length <= 256, "has more than 256 entries");

/** Deletes the object by itself after it was of no use for this long; 0 is never. */
export const autokillTime = z.strictObject({ time_ms: z.int().min(0).optional() });

/** How an image is fetched where its name alone does not say it. */
export const imageSpec = z.strictObject({
  url: z.string().min(1),
  /** Of an OCI registry. Secret. */
  credentials: z.string().optional(),
  headers: mapOf(z.string(), z.string()).optional(),
  pull_policy: z.enum(["always", "if_not_present", "never"]).optional(),
});
/** An image: its reference, or, on newer nodes only, a reference and how to fetch it. */
export const image = z.union([z.string().min(1), imageSpec]);

/**
 * A change of one property. The type of `value` depends on `prop`; `del` or `set` without a value clears the property (official
 * clients write either), and `null` is none: no property has it as its value.
 */
export const patchOperation = {
  id: z.string().optional(),
  op: z.enum(["set", "add", "del"]),
  value: z
    .unknown()
    .transform((value): unknown => value ?? undefined)
    .optional(),
};

/** One change of one property by a PATCH, as client and daemon handle it. Which `value` fits is the property's business. */
export interface PatchOperation<Prop extends string> {
  readonly prop: Prop;
  /** `set` replaces the value, `add` adds to a list or map, `del` removes the value or some of its members. */
  readonly op: "set" | "add" | "del";
  readonly value?: unknown;
}
