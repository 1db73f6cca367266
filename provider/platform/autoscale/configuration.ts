/** Autoscale configurations of service groups. */
import type { Service } from "../services/service";
import { findInstance } from "../lookup";
import type { CreateAutoscaleRequest } from "../../contract/models";

import type { Registry } from "../registry";
import { ApiItemError } from "../errors";
import { persistService } from "../services/save";
import type { AutoscaleConfiguration, ScalePolicy } from "../store/autoscale";
import type { InstanceRecord } from "../store/instances";
import { parsePolicy, assertValidPolicySet } from "./policy";
import { retireManagedInstances } from "./scaleIn";
import { Autoscaler } from "./autoscaler";

/** Defaults of the API. */
const DEFAULTS = { minSize: 1, maxSize: 4, warmupTimeMs: 1000, cooldownTimeMs: 1000 };

/** Returns the configuration of a service group. Throws `AutoscaleNotConfigured` if it has none. */
export function requireAutoscaleConfiguration({ record }: Service): AutoscaleConfiguration {
  if (record.autoscale !== undefined) return record.autoscale;
  throw new ApiItemError("AutoscaleNotConfigured", `Service group '${record.name}' has no autoscale configuration`);
}

/**
 * Configures and starts autoscale for a service group, which then persists even without instances. Throws `AutoscaleDisabled`,
 * `AutoscaleConfigured`, `AutoscaleSizeOutOfRange`, `NotFound` and `CannotBeUsed` (the template), `Invalid`,
 * `NotSupported`, `TooMany`, `AlreadyExists`.
 */
export function configureAutoscale(registry: Registry, service: Service, body: CreateAutoscaleRequest): void {
  const { record } = service;
  if (registry.parts.quotas.limits.max_autoscale_size === 0)
    throw new ApiItemError("AutoscaleDisabled", "Autoscale not enabled for your account");
  if (record.autoscale !== undefined)
    throw new ApiItemError(
      "AutoscaleConfigured",
      `Service group '${record.name}' already has an autoscale configuration`,
    );
  const policies = (body.policies ?? []).map(parsePolicy);
  assertValidPolicySet(policies);
  const autoscale = {
    ...resolveSizes(registry, body),
    warmupTimeMs: body.warmup_time_ms ?? DEFAULTS.warmupTimeMs,
    cooldownTimeMs: body.cooldown_time_ms ?? DEFAULTS.cooldownTimeMs,
    templateUuid: resolveTemplate(registry, body).uuid,
    policies,
  };
  persistService(registry, service, { ...record, persistent: true, autoscale });
  startAutoscaler(registry, service);
  registry.parts.log.write("autoscale.configured", { uuid: record.uuid, name: record.name });
}

/** Removes autoscale. Its instances drain for up to the cooldown and are deleted. Throws `AutoscaleNotConfigured`. */
export function removeAutoscale(registry: Registry, service: Service): void {
  const { cooldownTimeMs } = requireAutoscaleConfiguration(service);
  service.autoscaler?.stop();
  delete service.autoscaler;
  persistService(registry, service, { ...service.record, autoscale: undefined });
  retireManagedInstances(registry, service, cooldownTimeMs);
  registry.parts.log.write("autoscale.unconfigured", { uuid: service.record.uuid, name: service.record.name });
}

/**
 * Replaces the policies of a service group. Throws `AutoscaleNotConfigured`, and what `assertValidPolicySet` throws.
 */
export function savePolicies(registry: Registry, service: Service, policies: readonly ScalePolicy[]): void {
  assertValidPolicySet(policies);
  const autoscale = { ...requireAutoscaleConfiguration(service), policies: [...policies] };
  persistService(registry, service, { ...service.record, autoscale });
}

/** Starts the autoscalers of all service groups after a restart of the daemon. */
export function restoreAutoscale(registry: Registry): void {
  for (const service of registry.services.values()) {
    if (service.record.autoscale !== undefined) startAutoscaler(registry, service);
    else retireManagedInstances(registry, service, DEFAULTS.cooldownTimeMs);
  }
}

function startAutoscaler(registry: Registry, service: Service): void {
  const autoscaler = new Autoscaler(registry, service);
  service.autoscaler = autoscaler;
  void autoscaler.run();
}

function resolveSizes(registry: Registry, { min_size, max_size }: CreateAutoscaleRequest) {
  const { min_autoscale_size: least, max_autoscale_size: most } = registry.parts.quotas.limits;
  const minSize = min_size ?? Math.max(DEFAULTS.minSize, least);
  const maxSize = max_size ?? Math.min(Math.max(DEFAULTS.maxSize, minSize), most);
  const outOfRange = (text: string): ApiItemError => new ApiItemError("AutoscaleSizeOutOfRange", text);
  for (const [field, size] of [
    ["min_size", minSize],
    ["max_size", maxSize],
  ] as const) {
    if (size < least || size > most) throw outOfRange(`'${field}' must be between ${least} and ${most}; it is ${size}`);
  }
  if (minSize > maxSize) throw outOfRange(`'min_size' (${minSize}) must not exceed 'max_size' (${maxSize})`);
  return { minSize, maxSize };
}

/** Resolves the template, which a request may name in two places. */
function resolveTemplate(registry: Registry, { create_args, template }: CreateAutoscaleRequest): InstanceRecord {
  if (create_args?.roms !== undefined)
    throw new ApiItemError(
      "NotSupported",
      "The local platform creates instances from a 'template' only, not from 'roms'",
    );
  if (create_args?.template !== undefined && template !== undefined)
    throw new ApiItemError("NotBoth", "Either 'create_args.template' or 'template' must be given, not both");
  const selector = create_args?.template ?? template;
  if (selector === undefined)
    throw new ApiItemError("Invalid", "'create_args.template' is missing: name the template to create instances from");
  const { record } = findInstance(registry, selector);
  if (record.status.state === "template") return record;
  throw new ApiItemError("CannotBeUsed", `Instance '${record.name}' is not a template; it is ${record.status.state}`);
}
