/** Merges a create request with the definition of its source. Pure. */
import type { CreateInstanceRequest } from "../../../contract/models";
import { omitUndefined } from "../../../base/objects";
import type { InstanceDefinition, RomRecord } from "../../store/instances";

/** Parts of a request with resolved names; `undefined` if the request does not set them. */
export interface ResolvedReferences {
  readonly roms: readonly RomRecord[] | undefined;
  /** Uuids. */
  readonly dependencies: readonly string[] | undefined;
}

/** The definition: the request's values, and those of `base` for everything that the request does not set. */
export function toDefinition(
  base: InstanceDefinition,
  body: CreateInstanceRequest,
  { roms, dependencies }: ResolvedReferences,
): InstanceDefinition {
  const { autokill } = body;
  const overrides: { [K in keyof InstanceDefinition]?: InstanceDefinition[K] | undefined } = {
    args: body.args,
    argsFromImage: body.args === undefined ? undefined : false,
    env: body.env,
    memoryMb: body.memory_mb,
    vcpus: body.vcpus,
    restartPolicy: body.restart_policy,
    scaleToZero: body.scale_to_zero,
    readinessProbe: body.readiness_probe,
    rotation: body.rotation,
    deleteOnStop: body.features?.includes("delete-on-stop"),
    tags: body.tags && [...new Set(body.tags)],
    annotations: body.annotations,
    hostname: body.hostname,
    networkInterfaces: body.network_interfaces?.map(({ name, tap_name, ip, gateway, routes }) =>
      omitUndefined({ name, network: tap_name, ip, gateway, routes }),
    ),
    dependencies: dependencies && [...new Set(dependencies)],
    roms: roms && [...roms],
    schedules: body.schedules,
    autokill: autokill && { timeMs: autokill.time_ms ?? 0, numRequests: autokill.num_requests ?? 0 },
  };
  return { ...base, ...(omitUndefined(overrides) as Partial<InstanceDefinition>) }; // omitUndefined has removed the undefined members
}
