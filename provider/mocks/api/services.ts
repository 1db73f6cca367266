/** Service groups of a mock metro. */
import { ITEM_CODES } from "../../contract/codes";
import type { CreateServiceRequest, DomainRequest } from "../../contract/models/service";
import type { MockHandlers } from "./client";
import { type ApiObject, type ObjectQuery, type Selector, answerOf, failedItem } from "./objects";
import type { World } from "./world";

/** What the API fills in. */
const DEFAULTS = { soft_limit: 1, hard_limit: 65_535, autokill: { time_ms: 0 } };

/** An autoscale configuration. */
interface Autoscale extends Selector {
  readonly min_size?: number;
  readonly create_args?: { readonly template?: Selector };
}

/** The domains of a service, with their certificates. */
function toDomains({ certificates, domain }: World, requested: readonly DomainRequest[]): readonly object[] {
  return requested.map(({ name, certificate }) => {
    const fqdn = name.endsWith(".") ? name.slice(0, -1) : `${name}.${domain}`;
    const found = certificate && certificates.find(certificate);
    return found === undefined
      ? { fqdn }
      : { fqdn, certificate: { uuid: found.uuid, name: found.name, state: found["state"] } };
  });
}

/** Creates a service group; the answer is a failed item if it cannot be created. */
export function createServiceGroup(
  world: World,
  { name = "", services, domains = [{ name }], ...settings }: CreateServiceRequest,
  { persistent }: { readonly persistent: boolean },
): { readonly added: ApiObject } | { readonly failed: object } {
  const missing = domains.find(
    ({ certificate }) => certificate !== undefined && world.certificates.find(certificate) === undefined,
  );
  if (missing?.certificate !== undefined) {
    const { uuid, name: named = "" } = missing.certificate as Selector;
    return {
      failed: failedItem(ITEM_CODES.NotFound, `No certificate '${uuid ?? named}' for the domain '${missing.name}'`),
    };
  }
  const wanted = toDomains(world, domains);
  const taken = world.services.all.find((other) =>
    (other["domains"] as readonly { fqdn: string }[]).some(({ fqdn }) =>
      wanted.some((one) => (one as { fqdn: string }).fqdn === fqdn),
    ),
  );
  if (taken !== undefined)
    return { failed: failedItem(ITEM_CODES.CannotBeUsed, `A domain is in use by the service group '${taken.name}'`) };
  return world.services.add(name, {
    ...DEFAULTS,
    ...settings,
    persistent,
    services: services.map((port) => ({ destination_port: port.port, handlers: [], protocol: "tcp", ...port })),
    domains: wanted,
  });
}

/** The operations on service groups. */
export function serviceHandlers(world: World): MockHandlers {
  const { services, instances } = world;
  const membersOf = ({ uuid }: ApiObject) =>
    instances.all
      .filter((one) => (one["service_group"] as Selector | undefined)?.uuid === uuid)
      .map(({ uuid: id, name }) => ({ uuid: id, name }));
  const configurations = new Map<string, Autoscale & { readonly policies: { readonly name: string }[] }>();
  return {
    createService: (body: CreateServiceRequest) => {
      const result = createServiceGroup(world, body, { persistent: true });
      return "failed" in result ? result.failed : answerOf(result.added);
    },
    getServices: (_body, { query }) =>
      services.read(query as ObjectQuery, (one) => ({
        ...one,
        autoscale: configurations.has(one.uuid),
        instances: membersOf(one),
      })),
    patchServices: ({ prop, value, ...selector }: Selector & { readonly prop: string; readonly value?: unknown }) => {
      const result = services.findOrFail(selector);
      if ("failed" in result) return result.failed;
      result.found[prop] = prop === "domains" ? toDomains(world, value as readonly DomainRequest[]) : value;
      return answerOf(result.found);
    },
    createAutoscale: (body: Autoscale) => {
      const result = services.findOrFail({ uuid: body.uuid, name: body.name });
      if ("failed" in result) return result.failed;
      configurations.set(result.found.uuid, { ...body, policies: [] });
      return answerOf(result.found);
    },
    getAutoscale: (_body, { query }) =>
      services.read(query as ObjectQuery, ({ uuid, name }) => {
        const configuration = configurations.get(uuid);
        if (configuration === undefined) return { uuid, name, status: "unconfigured" };
        const { create_args, ...settings } = configuration;
        const template = create_args?.template && instances.find(create_args.template);
        return {
          ...settings,
          uuid,
          name,
          enabled: true,
          ...(template && { template: { uuid: template.uuid, name: template.name } }),
        };
      }),
    createPolicy: (body: { readonly name: string }, { path }) => {
      configurations.get(path["uuid"] ?? "")?.policies.push(body);
      return { status: "success", name: body.name };
    },
  };
}
