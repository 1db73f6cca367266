/**
 * What tells the nodes that the cloud runs in 2026 from the newest documentation, for tests (`strict2026` of the daemon): a client
 * that gets along with both has nothing to fear from either. Source: answers of deployed nodes. Pure.
 *
 * The same switch makes handlers refuse a change of a running instance (`PlatformParts.strict2026`), which newer nodes keep until it
 * stops.
 */
import * as z from "zod";
import * as m from "../../contract/models";
import type { RouteName } from "../../contract/routes";
import { ROUTE_PATTERNS, type RoutePattern } from "./routePatterns";

/** What a server understands and says. */
export interface Dialect {
  readonly patterns: readonly RoutePattern[];
  /** Models of bodies in place of the route table's. */
  readonly bodies: Readonly<Partial<Record<RouteName, z.ZodType>>>;
  /** Writes an item as this server has it; undefined where that is how handlers give it. */
  readonly encodeItem?: (item: object) => object;
}

/** The API as the route table has it. */
export const NEWEST_DIALECT: Dialect = { patterns: ROUTE_PATTERNS, bodies: {} };

/** An image was a text before it could be an object. */
const imageModel = z.string().min(1);
const romModel = m.rom.extend({ image: imageModel.optional() });

/** The API as older nodes have it. */
export const STRICT_2026_DIALECT: Dialect = {
  // Certificates were changed by PATCH.
  patterns: ROUTE_PATTERNS.filter(({ name, method }) => name !== "updateCertificates" || method === "PATCH"),
  bodies: {
    createInstance: m.createInstanceRequest.extend({
      image: imageModel.optional(),
      roms: z.array(romModel).max(8).optional(),
    }),
    // Neither `timeout_s` nor `dont_retain`.
    deleteInstances: z.array(m.nameOrUuid).min(1),
  },
  encodeItem: (item) => Object.fromEntries(Object.entries(item).filter(([key]) => key !== "updates")),
};
