/** Fields that several resources share. */
import * as z from "zod";
import type { NameOrUuid } from "../../contract/models";
import { MAX_DNS_NAME_LENGTH, DNS_NAME_PATTERN } from "../../definition/naming";
import { field } from "../../definition/resource";

/** Longest name of any object. Source: the API's `name`. */
const MAX_NAME_LENGTH = 255;

const nameFieldWith = (what: string, form: string, schema: z.ZodString) =>
  field(schema.min(1).optional(), {
    description: `Name of the ${what} in its metro, unique per account: ${form}. Default: the resource's name and 7 random hexadecimal digits. A fixed name makes a replacement delete the old one first.`,
    onChange: "replace",
  });

/** `name` of what has its name in DNS. */
export const nameField = (what: string) =>
  nameFieldWith(
    what,
    `1 to ${MAX_DNS_NAME_LENGTH} of a-z, 0-9 and dash`,
    z
      .string()
      .max(MAX_DNS_NAME_LENGTH)
      .regex(DNS_NAME_PATTERN, "must be lower-case letters, digits and dashes, not starting or ending with a dash"),
  );

/** `name` of anything else: as the platform itself names what it makes, certificates after their domains. A comma would separate two names in a query. */
export const freeFormNameField = (what: string) =>
  nameFieldWith(
    what,
    `up to ${MAX_NAME_LENGTH} characters without slash and comma`,
    z
      .string()
      .max(MAX_NAME_LENGTH)
      .regex(/^[^/,\x00-\x1f\x7f]*$/, "must not hold a slash, a comma or control characters"),
  );

/** Uuid or name of an object that exists. */
export const idOrName = () => z.string().min(1).max(MAX_NAME_LENGTH);

const UUID_PATTERN = /^[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$/i;

/** True for a uuid; what is none can only be a name. */
export const isUuid = (uuidOrName: string): boolean => UUID_PATTERN.test(uuidOrName);

/**
 * The selector of an object in a request's body: the API wants to know whether it is given a uuid or a name, and writes uuids
 * without capitals.
 */
export const toReference = (uuidOrName: string): NameOrUuid =>
  isUuid(uuidOrName) ? { uuid: uuidOrName.toLowerCase() } : { name: uuidOrName };

/** Absolute path in a guest. */
export const mountPath = () =>
  z
    .string()
    .regex(/^(\/(?!\.{1,2}(\/|$))[^/:]+)+$/, "must be an absolute path without ':', '.', '..' or a trailing slash");
