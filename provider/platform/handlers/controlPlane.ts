/** The control plane of the only metro, served at that metro's address. */

import { isInNamespace } from "../../contract/imageUrl";
import type { Registry } from "../registry";
import type { Handlers } from "./handler";
import { ACCOUNT } from "./quotas";

/** Name of the only metro. */
const METRO = "local";
/** A constant, like that of the account: it must only differ from the uuids of objects. */
const METRO_UUID = "00000000-0000-4000-8000-000000000002";

/**
 * Handlers of the control plane.
 *
 * @param endpoint returns the URL at which the metro is served
 */
export function controlPlaneHandlers(
  registry: Registry,
  endpoint: () => string,
): Pick<Handlers, "getMetros" | "getRegistryImages" | "getAuthorization"> {
  return {
    getMetros: () => ({ items: [{ status: "success", uuid: METRO_UUID, name: METRO, endpoint: endpoint() }] }),

    getAuthorization: () => ({
      items: [
        {
          organization_name: ACCOUNT.name,
          organization_display_name: "Local platform",
          organization_uuid: ACCOUNT.uuid,
        },
      ],
    }),

    getRegistryImages: async ({ query }) => {
      const stored = (await registry.parts.images.list()).filter(
        ({ repository }) =>
          query.namespace === undefined || query.namespace.some((one) => isInNamespace(repository, one)),
      );
      const names = [...new Set(stored.map(({ repository }) => repository))];
      const tagsOf = (name: string) =>
        stored
          .filter(({ repository }) => repository === name)
          .flatMap(({ tag, digest, sizeBytes, createdAt }) => {
            const pushed = createdAt === undefined ? {} : { push_time: createdAt };
            return tag === undefined ? [] : [{ name: tag, digest, size: sizeBytes, ...pushed }];
          });
      return {
        items: names.map((name) => ({
          status: "success" as const,
          name,
          ...(query.details === false ? {} : { tags: tagsOf(name) }),
        })),
      };
    },
  };
}
