/**
 * What tells the nodes that the cloud runs in 2026 from the newest documentation, for `unikernel local up --strict-2026`: a client
 * that gets along with both has nothing to fear from either. Source: answers of deployed nodes. Pure.
 *
 * The same switch makes handlers refuse a change of a running instance (`PlatformParts.strict2026`), which newer nodes keep until it
 * stops.
 */
import * as z from "zod";
import * as m from "../../contract/models";
import type { RouteName } from "../../contract/routes";
import { FORMS, type Form } from "./parse/operationForms";

/** What a server understands and says. */
export interface Dialect {
  readonly forms: readonly Form[];
  /** Models of bodies in place of the route table's. */
  readonly bodies: Readonly<Partial<Record<RouteName, z.ZodType>>>;
  /** An item as this server writes it. */
  readonly item: (item: object) => object;
}

/** The API as the route table has it. */
export const NEWEST: Dialect = { forms: FORMS, bodies: {}, item: (item) => item };

/** An image was a text before it could be an object. */
const image = z.string().min(1);
const rom = m.rom.extend({ image: image.optional() });

/** The API as older nodes have it. */
export const STRICT_2026: Dialect = {
  // Certificates were changed by PATCH.
  forms: FORMS.filter(({ name, method }) => name !== "updateCertificates" || method === "PATCH"),
  bodies: {
    createInstance: m.createInstanceRequest.extend({
      image: image.optional(),
      roms: z.array(rom).max(8).optional(),
    }),
    // Neither `timeout_s` nor `dont_retain`.
    deleteInstances: z.array(m.nameOrUuid).min(1),
  },
  item: (item) => Object.fromEntries(Object.entries(item).filter(([key]) => key !== "updates")),
};
