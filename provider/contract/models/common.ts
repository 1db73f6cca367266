/** Parts shared by several bodies. */
import * as z from "zod";
import { mapOf } from "../../base/mapSchema";

/** A TCP or UDP port. */
export const port = z.int().min(1).max(65535);
/** Limit of a drain timeout in milliseconds; -1 in a request stands for it. Source: the cloud's documentation. */
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
/** One {@link nameOrUuid}. */
export type NameOrUuid = z.infer<typeof nameOrUuid>;

/** A selector, exactly one of uuid and name, with further members of the request. */
export const withSelector = <S extends z.core.$ZodLooseShape>(shape: S) =>
  z.union([
    z.strictObject({ uuid: z.string().min(1), ...shape }),
    z.strictObject({ name: z.string().min(1), ...shape }),
  ]);

/** Fields that every item of a response may have besides its own. `error` is one of `ITEM_CODES`. */
export const itemStatus = {
  status: z.enum(["success", "error", "partial_success"]).optional(),
  message: z.string().optional(),
  error: z.int().optional(),
};

/** A failed item. It echoes the selector of the request and has few other fields. */
export const failedItem = z.looseObject({
  status: z.literal("error"),
  message: z.string().optional(),
  error: z.int().optional(),
});

/** Uuid and name: the item of operations that report nothing else. */
export const idItem = z.looseObject({ ...itemStatus, uuid: z.string(), name: z.string() });

/** Item of the response to a PATCH, one per operation; `id` echoes the operation's. */
export const patchedItem = z.looseObject({
  ...itemStatus,
  uuid: z.string(),
  name: z.string(),
  id: z.string().optional(),
});

/** Up to 16 tags of 256 characters. Source: the platform's documentation. */
export const tags = z.array(z.string().regex(/^[A-Za-z0-9\-+_.:=]{1,256}$/)).max(16);

/**
 * Up to 256 annotations, which are passed to the guest. A key is `[prefix/]name`. The prefix is a DNS subdomain of up to 253
 * characters. The name has up to 63 letters, digits, `-`, `_` and `.`, and starts and ends with a letter or digit. Values have no
 * control characters.
 */
export const annotations = z
  .record(
    z.string().regex(/^(?:[a-z0-9](?:[-a-z0-9.]{0,251}[a-z0-9])?\/)?[A-Za-z0-9](?:[-_.A-Za-z0-9]{0,61}[A-Za-z0-9])?$/),
    z.string().regex(/^[^\x00-\x1f\x7f]*$/),
  )
  .refine((all) => Object.keys(all).length <= 256, "has more than 256 entries");

/** Time after which an unused object is deleted automatically. Milliseconds; 0 means never. */
export const autokillTime = z.strictObject({ time_ms: z.int().min(0).optional() });

/** An image reference with instructions for fetching it. */
export const imageSpec = z.strictObject({
  url: z.string().min(1),
  /** Credentials for the OCI registry. Secret. */
  credentials: z.string().optional(),
  headers: mapOf(z.string(), z.string()).optional(),
  pull_policy: z.enum(["always", "if_not_present", "never"]).optional(),
});
/** An image: its reference, or an {@link imageSpec}, which only newer nodes accept. */
export const image = z.union([z.string().min(1), imageSpec]);

/**
 * Members of a PATCH operation, besides its `prop`. The type of `value` depends on `prop`. `del` or `set` without a value clears
 * the property (official clients write either). `null` counts as no value, because no property accepts it.
 */
export const patchOperation = {
  id: z.string().optional(),
  op: z.enum(["set", "add", "del"]),
  value: z
    .unknown()
    .transform((value): unknown => value ?? undefined)
    .optional(),
};

/** One PATCH operation on one property, in client and daemon. The type of `value` depends on the property. */
export interface PatchOperation<Prop extends string> {
  readonly prop: Prop;
  /** `set` replaces the value, `add` adds to a list or map, `del` removes the value or some of its members. */
  readonly op: "set" | "add" | "del";
  readonly value?: unknown;
}

/**
 * The change, with a `set` without a value written as the `del` without one. Official clients clear a property with either.
 *
 * @param canClear false for a property that always has a value: then `set` stays, and is rejected for the missing value
 */
export const withClearAsDel = <C extends Pick<PatchOperation<string>, "op" | "value">>(
  change: C,
  canClear = true,
): C => (change.op === "set" && change.value === undefined && canClear ? { ...change, op: "del" } : change);
