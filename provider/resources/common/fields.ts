/** Fields that several resources share. */
import * as z from "zod";
import type { NameOrUuid } from "../../contract/models";
import { MAX_DNS_NAME_LENGTH, DNS_NAME_PATTERN } from "../../definition/naming";
import { field } from "../../definition/resource";

/** Longest name of any object. Source: the API's `name`. */
const MAX_NAME_LENGTH = 255;

const nameFieldWith = (what: string, form: string, schema: z.ZodString) =>
  field(schema.min(1).optional(), {
    description: `Name of the ${what}, unique in the account and metro: ${form}. Default: the resource name plus 7 hexadecimal digits derived from its identity (owner, project, stack, parents, type and name), and a number if an object has that name already. With a fixed name, a replacement deletes the old ${what} first.`,
    onChange: "replace",
  });

/** `name` of a kind whose name becomes a DNS label. */
export const nameField = (what: string) =>
  nameFieldWith(
    what,
    `1 to ${MAX_DNS_NAME_LENGTH} lower-case letters, digits and dashes`,
    z
      .string()
      .max(MAX_DNS_NAME_LENGTH)
      .regex(DNS_NAME_PATTERN, "must be lower-case letters, digits and dashes, not starting or ending with a dash"),
  );

/** `name` of any other kind. Dots are allowed because the platform names certificates after domains; a comma separates names in a query. */
export const freeFormNameField = (what: string) =>
  nameFieldWith(
    what,
    `1 to ${MAX_NAME_LENGTH} characters, no slash or comma`,
    z
      .string()
      .max(MAX_NAME_LENGTH)
      .regex(/^[^/,\x00-\x1f\x7f]*$/, "must not contain a slash, a comma or control characters"),
  );

/** UUID or name of an existing object. */
export const idOrName = () => z.string().min(1).max(MAX_NAME_LENGTH);

const UUID_PATTERN = /^[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$/i;

/** True for a UUID; any other text is a name. */
export const isUuid = (uuidOrName: string): boolean => UUID_PATTERN.test(uuidOrName);

/** The selector of an object in a request body. The API writes UUIDs in lower case. */
export const toReference = (uuidOrName: string): NameOrUuid =>
  isUuid(uuidOrName) ? { uuid: uuidOrName.toLowerCase() } : { name: uuidOrName };

/** An absolute path in a guest's file system. */
export const mountPath = () =>
  z
    .string()
    .regex(/^(\/(?!\.{1,2}(\/|$))[^/:]+)+$/, "must be an absolute path without ':', '.', '..' or a trailing slash");
