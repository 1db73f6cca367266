/**
 * The differences between the nodes that the cloud runs in 2026 and the newest documentation, for tests (`strict2026` of the
 * daemon): a client can be tested against both. Source: responses of deployed nodes. Pure.
 *
 * With the same option, a change of a running instance is an error (`RegistryParts.strict2026`), while newer nodes queue it
 * until the instance stops.
 */
import * as z from "zod";
import * as m from "../../contract/models";
import type { RouteName } from "../../contract/routes";
import { ROUTE_PATTERNS, type RoutePattern } from "./routePatterns";

/** The variant of the API that a server implements. */
export interface Dialect {
  /** The methods and paths that the server accepts. */
  readonly patterns: readonly RoutePattern[];
  /** Body models that replace those of the route table. */
  readonly bodies: Readonly<Partial<Record<RouteName, z.ZodType>>>;
  /** Encodes an item in this variant; `undefined`: items are sent as handlers return them. */
  readonly encodeItem?: (item: object) => object;
}

/** The API of the route table. */
export const NEWEST_DIALECT: Dialect = { patterns: ROUTE_PATTERNS, bodies: {} };

/** On older nodes an image is a string and cannot be an object. */
const imageModel = z.string().min(1);
const romModel = m.rom.extend({ image: imageModel.optional() });

/** The extensions of the local platform. */
const EXTENSION_PROPS = ["readiness_probe", "rotation"] as const;
/** Fields of items that older nodes do not report. */
const UNKNOWN_FIELDS: readonly string[] = ["updates", "drain", "readiness", ...EXTENSION_PROPS];

/** The API of older nodes. */
export const STRICT_2026_DIALECT: Dialect = {
  // Older nodes change certificates with PATCH, and have no extension of the local platform.
  patterns: ROUTE_PATTERNS.filter(
    ({ name, method }) => name !== "requestInstances" && (name !== "updateCertificates" || method === "PATCH"),
  ),
  bodies: {
    // Without the extensions of the local platform.
    createInstance: m.createInstanceRequest.omit({ readiness_probe: true, rotation: true }).extend({
      image: imageModel.optional(),
      roms: z.array(romModel).max(8).optional(),
    }),
    patchInstances: z
      .array(m.withSelector({ prop: z.enum(m.INSTANCE_PROPS).exclude([...EXTENSION_PROPS]), ...m.patchOperation }))
      .min(1),
    // Without `timeout_s` and `dont_retain`.
    deleteInstances: z.array(m.nameOrUuid).min(1),
    // Without the extensions of the local platform.
    stopInstances: z.array(m.cloudStopRequest).min(1),
  },
  encodeItem: (item) => Object.fromEntries(Object.entries(item).filter(([key]) => !UNKNOWN_FIELDS.includes(key))),
};
