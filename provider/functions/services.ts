/** Functions about services. */
import * as z from "zod";
import { onlyItem } from "../client/client";
import type { ServiceItem } from "../contract/models";
import { isRolloutLock } from "../contract/rolloutLock";
import { listAll } from "../client/pagination";
import { field, objectType } from "../definition/resource";
import { defineFunction } from "./function";
import { selectorRule, hasNamePrefix, namePrefixFilter, selectorFields, toSelectorQuery } from "./filters";
import { fromWire } from "./fromWire";

const portInfo = objectType(
  "ServicePortInfo",
  "A published port as the API reports it.",
  z.object({
    port: field(z.int(), { description: "Public port." }),
    destinationPort: field(z.int().optional(), { description: "Port in the guest." }),
    protocol: field(z.string().optional(), { description: "`tcp` or `udp`." }),
    handlers: field(z.array(z.string()).default([]), { description: "Handlers: `tls`, `http`, `redirect`." }),
  }),
);

const serviceFields = {
  uuid: field(z.string(), { description: "UUID." }),
  name: field(z.string(), { description: "Name." }),
  createdAt: field(z.string().optional(), { description: "Creation time, RFC 3339." }),
  persistent: field(z.boolean().default(true), {
    description: "False for a service that is deleted with its last instance.",
  }),
  autoscale: field(z.boolean().default(false), {
    description: "True if an autoscale configuration sets the number of instances.",
  }),
  softLimit: field(z.int().optional(), {
    description: "Requests or connections in flight per instance before another instance is woken from standby.",
  }),
  hardLimit: field(z.int().optional(), { description: "Maximum requests or connections in flight per instance." }),
  ports: field(z.array(portInfo), { description: "Published ports." }),
  fqdns: field(z.array(z.string()), { description: "Domain names, without a trailing dot." }),
  instances: field(
    z.array(
      objectType(
        "ServiceMember",
        "An instance of a service.",
        z.object({
          uuid: field(z.string(), { description: "UUID." }),
          name: field(z.string(), { description: "Name." }),
        }),
      ),
    ),
    { description: "Instances of the service." },
  ),
};
const serviceResult = z.object(serviceFields);

const toServiceResult = (item: ServiceItem): z.output<typeof serviceResult> =>
  fromWire(
    serviceResult,
    { ...item, ports: item.services, instances: item.instances ?? [] },
    {
      fqdns: (item.domains ?? []).map(({ fqdn }) => fqdn.replace(/\.$/, "")),
    },
  );

/** Looks up one service. */
export const getService = defineFunction({
  kind: "getService",
  description: "Looks up a service, managed by Pulumi or not.",
  inputs: z.strictObject(selectorFields("service")),
  outputs: serviceResult,
  rules: [selectorRule],
  run: async ({ client, metro }, inputs) =>
    toServiceResult(
      onlyItem(
        await client.getServices({ query: toSelectorQuery(inputs) }),
        `Reading service '${inputs.uuid ?? inputs.name ?? ""}' in metro '${metro}'`,
      ),
    ),
});

/** Lists the services that match the filters. */
export const getServices = defineFunction({
  kind: "getServices",
  description: "Lists the services of the account in this metro, oldest first, without the locks of rollouts.",
  inputs: z.strictObject(namePrefixFilter("services")),
  outputs: z.object({
    services: field(z.array(objectType("ServiceInfo", "A service as the API reports it.", z.object(serviceFields))), {
      description: "Services, oldest first.",
    }),
  }),
  run: async ({ client }, { namePrefix }) => ({
    services: (await listAll(client.getServices, {}))
      .filter((item) => !isRolloutLock(item))
      .map(toServiceResult)
      .filter(hasNamePrefix(namePrefix)),
  }),
});
