/** Fields that several resources share. */
import * as z from "zod";
import type { NameOrUuid } from "../../api/models";
import { NAME_MAX_LENGTH, NAME_PATTERN } from "../../definition/autoname";
import { field } from "../../definition/define";

/** `name`: the same rule for every kind. */
export const nameField = (what: string) =>
  field(
    z
      .string()
      .min(1)
      .max(NAME_MAX_LENGTH)
      .regex(NAME_PATTERN, "must be lower-case letters, digits and dashes, not starting or ending with a dash")
      .optional(),
    {
      description: `Name of the ${what} in its metro, unique per account: 1 to 63 of a-z, 0-9 and dash. Default: the resource's name and 7 random hexadecimal digits. A fixed name makes a replacement delete the old one first.`,
      onChange: "replace",
    },
  );

/** Uuid or name of an object that exists. Names have at most 255 characters. */
export const idOrName = () => z.string().min(1).max(255);

const UUID = /^[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$/i;

/** True for a uuid; what is none can only be a name. */
export const isUuid = (uuidOrName: string): boolean => UUID.test(uuidOrName);

/**
 * The selector of an object in a request's body: the API wants to know whether it is given a uuid or a name, and writes uuids
 * without capitals.
 */
export const reference = (uuidOrName: string): NameOrUuid =>
  isUuid(uuidOrName) ? { uuid: uuidOrName.toLowerCase() } : { name: uuidOrName };

/** Absolute path in a guest. */
export const mountPath = () =>
  z
    .string()
    .regex(/^(\/(?!\.{1,2}(\/|$))[^/:]+)+$/, "must be an absolute path without ':', '.', '..' or a trailing slash");
