/** From a request to an autoscale configuration, and its place with a service group. */
import type { CreateAutoscaleRequest } from "../../contract/models";
import { namedInstance } from "../handlers/instances/visible";
import type { Platform, Service } from "../registry";
import { Refusal } from "../errors";
import { keepService } from "../services/save";
import type { AutoscaleConfiguration, ScalePolicy } from "../store/autoscale";
import type { InstanceRecord } from "../store/instances";
import { checkedPolicy, checkTogether } from "./policy";
import { retireAll } from "./scaleIn";
import { Scaler } from "./scaler";

/** Defaults of the API. */
const DEFAULTS = { minSize: 1, maxSize: 4, warmupTimeMs: 1000, cooldownTimeMs: 1000 };

/** The configuration of a service group. Throws a refusal `AutoscaleNotConfigured`. */
export function configurationOf({ record }: Service): AutoscaleConfiguration {
  if (record.autoscale !== undefined) return record.autoscale;
  throw new Refusal("AutoscaleNotConfigured", `Service group '${record.name}' has no autoscale configuration`);
}

/**
 * Begins to scale a service group, which then stays without instances too. Throws refusals `AutoscaleDisabled`,
 * `AutoscaleConfigured`, `AutoscaleSizeOutOfRange`, `NotFound` and `CannotBeUsed` (the template), `Invalid`,
 * `NotSupported`, `TooMany`, `AlreadyExists`.
 */
export function configure(platform: Platform, service: Service, body: CreateAutoscaleRequest): void {
  const { record } = service;
  if (platform.parts.quotas.limits.max_autoscale_size === 0)
    throw new Refusal("AutoscaleDisabled", "Autoscale not enabled for your account");
  if (record.autoscale !== undefined)
    throw new Refusal("AutoscaleConfigured", `Service group '${record.name}' has an autoscale configuration already`);
  const policies = (body.policies ?? []).map(checkedPolicy);
  checkTogether(policies);
  const autoscale = {
    ...checkedSizes(platform, body),
    warmupTimeMs: body.warmup_time_ms ?? DEFAULTS.warmupTimeMs,
    cooldownTimeMs: body.cooldown_time_ms ?? DEFAULTS.cooldownTimeMs,
    templateUuid: findTemplate(platform, body).uuid,
    policies,
  };
  keepService(platform, service, { ...record, persistent: true, autoscale });
  startScaling(platform, service);
  platform.parts.log.write("autoscale.configured", { uuid: record.uuid, name: record.name });
}

/** Ends scaling: what autoscale has made drains for up to the cooldown and is deleted. Throws `AutoscaleNotConfigured`. */
export function unconfigure(platform: Platform, service: Service): void {
  const { cooldownTimeMs } = configurationOf(service);
  service.scaler?.stop();
  delete service.scaler;
  keepService(platform, service, { ...service.record, autoscale: undefined });
  retireAll(platform, service, cooldownTimeMs);
  platform.parts.log.write("autoscale.unconfigured", { uuid: service.record.uuid, name: service.record.name });
}

/** Replaces the policies of a service group. Throws `AutoscaleNotConfigured`, and as `checkTogether` does. */
export function keepPolicies(platform: Platform, service: Service, policies: readonly ScalePolicy[]): void {
  checkTogether(policies);
  const autoscale = { ...configurationOf(service), policies: [...policies] };
  keepService(platform, service, { ...service.record, autoscale });
}

/** Goes on where a daemon before this one stopped. */
export function resumeScaling(platform: Platform): void {
  for (const service of platform.services.values()) {
    if (service.record.autoscale !== undefined) startScaling(platform, service);
    else retireAll(platform, service, DEFAULTS.cooldownTimeMs);
  }
}

function startScaling(platform: Platform, service: Service): void {
  service.scaler = new Scaler(platform, service);
  void service.scaler.run();
}

function checkedSizes(platform: Platform, { min_size, max_size }: CreateAutoscaleRequest) {
  const { min_autoscale_size: least, max_autoscale_size: most } = platform.parts.quotas.limits;
  const minSize = min_size ?? Math.max(DEFAULTS.minSize, least);
  const maxSize = max_size ?? Math.min(Math.max(DEFAULTS.maxSize, minSize), most);
  const outOfRange = (text: string): Refusal => new Refusal("AutoscaleSizeOutOfRange", text);
  for (const [field, size] of [
    ["min_size", minSize],
    ["max_size", maxSize],
  ] as const) {
    if (size < least || size > most) throw outOfRange(`'${field}' must be between ${least} and ${most}; it is ${size}`);
  }
  if (minSize > maxSize) throw outOfRange(`'min_size' (${minSize}) must not be above 'max_size' (${maxSize})`);
  return { minSize, maxSize };
}

/** The template, from wherever the request has it. */
function findTemplate(platform: Platform, { create_args, template }: CreateAutoscaleRequest): InstanceRecord {
  if (create_args?.roms !== undefined)
    throw new Refusal("NotSupported", "The local platform makes instances from a 'template' alone, not from 'roms'");
  if (create_args?.template !== undefined && template !== undefined)
    throw new Refusal("NotBoth", "Either 'create_args.template' or 'template' must be given, not both");
  const selector = create_args?.template ?? template;
  if (selector === undefined)
    throw new Refusal("Invalid", "'create_args.template' is missing: nothing says what instances are made from");
  const { record } = namedInstance(platform, selector);
  if (record.status.state === "template") return record;
  throw new Refusal("CannotBeUsed", `Instance '${record.name}' is not a template; it is ${record.status.state}`);
}
