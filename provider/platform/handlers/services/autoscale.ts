/** Autoscale of service groups: configurations and their policies. */
import type { BodyOf, ItemOf } from "../../../contract/routes";
import { configurationOf, configure, keepPolicies, unconfigure } from "../../autoscale/configuration";
import { checkedPolicy, policyOnWire } from "../../autoscale/policy";
import type { Platform, Service } from "../../registry";
import { Refusal } from "../../errors";
import type { ScalePolicy } from "../../store/autoscale";
import type { Handlers, Selector } from "../request";
import { eachItem, find } from "../items";

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
export function autoscaleHandlers(platform: Platform): Pick<Handlers, AutoscaleRoutes> {
  const { log } = platform.parts;
  const { serviceTurn } = platform;
  const all = (): Service[] => [...platform.services.values()];
  const named = (selector: Selector): Service => find(all(), ({ record }) => record, "service group", selector);
  const done = ({ record: { uuid, name } }: Service) => ({ status: "success" as const, uuid, name });

  /** The items of a request about the policies of the service group that its path names. */
  const policyItems = async <I>({ uuid = "" }: Readonly<Record<string, string>>, act: (service: Service) => I[]) => ({
    items: (await eachItem([{ uuid }], log, (selector) => serviceTurn.take(() => act(named(selector))))).flat(),
  });

  function removePolicy(service: Service, name: string) {
    const { policies } = configurationOf(service);
    findPolicy(service, name);
    keepPolicies(
      platform,
      service,
      policies.filter((policy) => policy.name !== name),
    );
    return [{ status: "success" as const, name }];
  }

  return {
    createAutoscale: async ({ body }) => ({
      items: await eachItem(body, log, (entry) =>
        serviceTurn.take(() => {
          const service = named(entry);
          configure(platform, service, entry);
          return done(service);
        }),
      ),
    }),
    getAutoscale: async ({ selectors }) => ({
      items:
        selectors.length === 0
          ? all().map((service) => autoscaleItem(platform, service))
          : await eachItem(selectors, log, (selector) => autoscaleItem(platform, named(selector))),
    }),
    deleteAutoscale: async ({ body }) => ({
      items: await eachItem(body, log, (selector) =>
        serviceTurn.take(() => {
          const service = named(selector);
          unconfigure(platform, service);
          return done(service);
        }),
      ),
    }),

    createPolicy: ({ path, body }) =>
      policyItems(path, (service) => {
        const policy = checkedPolicy(flat(body));
        keepPolicies(platform, service, [...configurationOf(service).policies, policy]);
        return [{ status: "success" as const, uuid: service.record.uuid, name: policy.name }];
      }),
    getPolicies: ({ path }) =>
      policyItems(path, (service) => configurationOf(service).policies.map((policy) => policyItem(policy))),
    getPolicy: ({ path }) => policyItems(path, (service) => [policyItem(findPolicy(service, path["name"] ?? ""))]),
    deletePolicies: ({ path, body }) => policyItems(path, (service) => removePolicy(service, body.name)),
    deletePolicy: ({ path }) => policyItems(path, (service) => removePolicy(service, path["name"] ?? "")),
  };
}

/** The form of the JavaScript SDK has the policy under `type`, with its name at both places. */
function flat(body: BodyOf<"createPolicy">) {
  if (typeof body.type !== "object") return body;
  if (body.name === body.type.name) return body.type;
  throw new Refusal("Invalid", `The policy is named both '${body.name}' and '${body.type.name}'`);
}

function findPolicy(service: Service, name: string): ScalePolicy {
  const found = configurationOf(service).policies.find((policy) => policy.name === name);
  if (found === undefined) throw new Refusal("NotFound", `No policy with name '${name}'`);
  return found;
}

const policyItem = (policy: ScalePolicy): ItemOf<"getPolicy"> => ({ status: "success", ...policyOnWire(policy) });

function autoscaleItem(platform: Platform, { record }: Service): ItemOf<"getAutoscale"> {
  const { uuid, name, autoscale } = record;
  if (autoscale === undefined) return { status: "unconfigured", uuid, name, enabled: false };
  const template = platform.instances.get(autoscale.templateUuid)?.record;
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
    policies: autoscale.policies.map(policyOnWire),
  };
}
