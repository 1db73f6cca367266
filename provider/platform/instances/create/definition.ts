/** What a request makes of what an instance is made from. Pure. */
import type { CreateInstanceRequest } from "../../../contract/models";
import { omitUndefined } from "../../../base/objects";
import type { InstanceDefinition, RomRecord } from "../../store/instances";

/** Parts of a request whose names are resolved; `undefined` where the request says nothing. */
export interface ResolvedReferences {
  readonly roms: readonly RomRecord[] | undefined;
  /** Uuids. */
  readonly dependencies: readonly string[] | undefined;
}

/** The definition: what the request says, and `base` where it says nothing. */
export function toDefinition(
  base: InstanceDefinition,
  body: CreateInstanceRequest,
  { roms, dependencies }: ResolvedReferences,
): InstanceDefinition {
  const { autokill } = body;
  const given: { [K in keyof InstanceDefinition]?: InstanceDefinition[K] | undefined } = {
    args: body.args,
    argsFromImage: body.args === undefined ? undefined : false,
    env: body.env,
    memoryMb: body.memory_mb,
    vcpus: body.vcpus,
    restartPolicy: body.restart_policy,
    scaleToZero: body.scale_to_zero,
    deleteOnStop: body.features?.includes("delete-on-stop"),
    tags: body.tags && [...new Set(body.tags)],
    annotations: body.annotations,
    hostname: body.hostname,
    dependencies: dependencies && [...new Set(dependencies)],
    roms: roms && [...roms],
    schedules: body.schedules,
    autokill: autokill && { timeMs: autokill.time_ms ?? 0, numRequests: autokill.num_requests ?? 0 },
  };
  return { ...base, ...(omitUndefined(given) as Partial<InstanceDefinition>) }; // without members that are undefined
}
