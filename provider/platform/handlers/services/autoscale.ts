/** Autoscale of service groups: configurations and their policies. */
import type { Service } from "../../services/service";
import { type Selector, findBySelector } from "../../lookup";
import type { BodyOf, ItemOf } from "../../../contract/routes";
import {
  requireAutoscaleConfiguration,
  configureAutoscale,
  savePolicies,
  removeAutoscale,
} from "../../autoscale/configuration";
import { parsePolicy, encodePolicy } from "../../autoscale/policy";
import type { Registry } from "../../registry";
import { ApiItemError } from "../../errors";
import type { ScalePolicy } from "../../store/autoscale";
import type { Handlers } from "../handler";
import { mapItems } from "../items";

type AutoscaleRoutes =
  | "createAutoscale"
  | "getAutoscale"
  | "deleteAutoscale"
  | "createPolicy"
  | "getPolicies"
  | "getPolicy"
  | "deletePolicies"
  | "deletePolicy";

/** Handlers of `/v1/services/autoscale` and `/v1/services/{uuid}/autoscale`. */
export function autoscaleHandlers(registry: Registry): Pick<Handlers, AutoscaleRoutes> {
  const { log } = registry.parts;
  const { serviceMutex } = registry;
  const all = (): Service[] => [...registry.services.values()];
  const findService = (selector: Selector): Service =>
    findBySelector(all(), ({ record }) => record, "service group", selector);
  const toSuccessItem = ({ record: { uuid, name } }: Service) => ({ status: "success" as const, uuid, name });

  /** Runs `act` on the service group that the path names and returns its items. */
  const policyItems = async <I>({ uuid = "" }: Readonly<Record<string, string>>, act: (service: Service) => I[]) => ({
    items: (
      await mapItems([{ uuid }], log, (selector) => serviceMutex.runExclusive(() => act(findService(selector))))
    ).flat(),
  });

  function removePolicy(service: Service, name: string) {
    const { policies } = requireAutoscaleConfiguration(service);
    findPolicy(service, name);
    savePolicies(
      registry,
      service,
      policies.filter((policy) => policy.name !== name),
    );
    return [{ status: "success" as const, name }];
  }

  return {
    createAutoscale: async ({ body }) => ({
      items: await mapItems(body, log, (entry) =>
        serviceMutex.runExclusive(() => {
          const service = findService(entry);
          configureAutoscale(registry, service, entry);
          return toSuccessItem(service);
        }),
      ),
    }),
    getAutoscale: async ({ selectors }) => ({
      items:
        selectors.length === 0
          ? all().map((service) => autoscaleItem(registry, service))
          : await mapItems(selectors, log, (selector) => autoscaleItem(registry, findService(selector))),
    }),
    deleteAutoscale: async ({ body }) => ({
      items: await mapItems(body, log, (selector) =>
        serviceMutex.runExclusive(() => {
          const service = findService(selector);
          removeAutoscale(registry, service);
          return toSuccessItem(service);
        }),
      ),
    }),

    createPolicy: ({ path, body }) =>
      policyItems(path, (service) => {
        const policy = parsePolicy(unwrapPolicy(body, service));
        savePolicies(registry, service, [...requireAutoscaleConfiguration(service).policies, policy]);
        return [{ status: "success" as const, uuid: service.record.uuid, name: policy.name }];
      }),
    getPolicies: ({ path, selectors }) =>
      policyItems(path, (service) => {
        const { policies } = requireAutoscaleConfiguration(service);
        const names = selectors.flatMap((one) => ("name" in one ? one.name : []));
        // The service itself may be named in the body: then all of its policies are meant.
        const isAll = names.every((name) => name === service.record.name && !policies.some((one) => one.name === name));
        return (isAll ? policies : names.map((name) => findPolicy(service, name))).map(policyItem);
      }),
    getPolicy: ({ path }) => policyItems(path, (service) => [policyItem(findPolicy(service, path["name"] ?? ""))]),
    deletePolicies: ({ path, body }) => policyItems(path, (service) => removePolicy(service, body.name)),
    deletePolicy: ({ path }) => policyItems(path, (service) => removePolicy(service, path["name"] ?? "")),
  };
}

/**
 * Unwraps the SDKs' form, which nests the policy under `type`. The outer name is the policy's too, or, by the SDKs'
 * documentation, that of its service. Throws `Invalid` for any other.
 */
function unwrapPolicy(body: BodyOf<"createPolicy">, { record }: Service) {
  if (typeof body.type !== "object") return body;
  if (body.name === body.type.name || body.name === record.name) return body.type;
  throw new ApiItemError("Invalid", `The policy is named both '${body.name}' and '${body.type.name}'`);
}

function findPolicy(service: Service, name: string): ScalePolicy {
  const found = requireAutoscaleConfiguration(service).policies.find((policy) => policy.name === name);
  if (found === undefined) throw new ApiItemError("NotFound", `No policy with name '${name}'`);
  return found;
}

/** Flat, as the documentation has it, and under `policy`, as the SDKs read it. */
function policyItem(policy: ScalePolicy): ItemOf<"getPolicy"> {
  const encoded = encodePolicy(policy);
  return { status: "success", ...encoded, policy: encoded };
}

function autoscaleItem(registry: Registry, { record }: Service): ItemOf<"getAutoscale"> {
  const { uuid, name, autoscale } = record;
  if (autoscale === undefined) return { status: "unconfigured", uuid, name, enabled: false };
  const template = registry.instances.get(autoscale.templateUuid)?.record;
  return {
    status: "success",
    uuid,
    name,
    enabled: true,
    min_size: autoscale.minSize,
    max_size: autoscale.maxSize,
    warmup_time_ms: autoscale.warmupTimeMs,
    cooldown_time_ms: autoscale.cooldownTimeMs,
    ...(template === undefined ? {} : { template: { uuid: template.uuid, name: template.name } }),
    policies: autoscale.policies.map(encodePolicy),
  };
}
