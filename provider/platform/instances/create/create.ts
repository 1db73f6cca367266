/** From a create request to instances: what can be refused is refused before anything exists, what fails leaves nothing. */
import { type Selector, findBySelector } from "../../lookup";
import * as crypto from "node:crypto";
import type { CreateInstanceRequest } from "../../../contract/models";

import type { Registry } from "../../registry";
import { assertQuota, liveQuotaUsage } from "../../quota/quota";
import { ApiItemError } from "../../errors";
import { insertInstances } from "../../store/instanceQueries";
import type { InstanceDefinition, InstanceRecord, VolumeAttachment } from "../../store/instances";
import { onInstanceJoined } from "../../services/membership";
import type { VolumeRecord } from "../../store/volumes";
import { resolveAttachment } from "../../volumes/preconditions";
import { assertValidCreate } from "./validate";
import type { Instance } from "../instance";
import { type InlineResources, isInlineVolume, withInlineResources } from "./inlineResources";
import { toDefinition } from "./definition";
import { withReservedNames } from "./naming";
import { withUnpackedLayers, resolveDependencies, resolveRoms } from "./resolve";
import { checkDeleteOnStop, checkScaleToZero } from "../update/rules";
import { resolveSource } from "./source";

/** Who asks for an instance. */
export interface CreateOrigin {
  /** Uuid of the service group whose autoscale does; `undefined`: a user. */
  readonly autoscaledBy?: string;
}

/**
 * Makes the instances of a request, `replicas` + 1, with what they bring along; none is started. The request is one that
 * `refuseMalformed` lets pass.
 *
 * Throws refusals `NotFound`, `Attached`, `Quota`, `CannotBeUsed`, `Invalid`, `NotSupported`, `NotAllowed`, `AlreadyExists`,
 * `TooLong`, `MissingId`, `NotBoth`; what unpacking a layer or making a service group or volume throws.
 */
export async function createInstances(
  registry: Registry,
  request: CreateInstanceRequest,
  { autoscaledBy }: CreateOrigin = {},
): Promise<Instance[]> {
  assertValidCreate(request, registry.parts.quotas.limits);
  const source = await resolveSource(registry, request, (args) => createInstances(registry, args));
  const body = { ...request, volumes: request.volumes ?? [...source.volumes] };
  const roms = await resolveRoms(registry, body.roms ?? []);
  const requested = toDefinition(source.value, body, {
    roms: body.roms && roms.value,
    dependencies: undefined,
  });
  const base = { ...requested, autoscaledBy }; // which is nothing that a copy has from what it is a copy of
  // Some of it may be inherited.
  checkScaleToZero(base, body.service_group !== undefined);
  checkDeleteOnStop(base);
  return withReservedNames(registry, body, base.repository, (names) => {
    assertCreateQuota(registry, body, base, names.length);
    return withInlineResources(registry, body, names.length, (inlineResources) =>
      withUnpackedLayers(registry, [...source.layers, ...roms.layers], () =>
        saveAndRegister(registry, { names, body, base, inlineResources }, source.original),
      ),
    );
  });
}

function assertCreateQuota(
  registry: Registry,
  body: CreateInstanceRequest,
  definition: InstanceDefinition,
  count: number,
): void {
  assertQuota(registry, { instances: count, ...(body.autostart === true ? liveQuotaUsage(definition, count) : {}) });
}

/** What a create has found out when its image is unpacked. */
interface PreparedCreate {
  readonly names: readonly string[];
  readonly body: CreateInstanceRequest;
  /** All of the definition but the dependencies. */
  readonly base: InstanceDefinition;
  readonly inlineResources: InlineResources;
}

/** Without a pause from here to the records: no other request can take a volume or the last of a quota between. */
function saveAndRegister(
  registry: Registry,
  { names, body, base, inlineResources }: PreparedCreate,
  original: Instance | undefined,
): Instance[] {
  assertCreateQuota(registry, body, base, names.length);
  const dependencies = body.dependencies && resolveDependencies(registry, body.dependencies);
  // What was made for this request may have been deleted by another one.
  const { serviceUuid: ownUuid } = inlineResources;
  const serviceUuid = resolveServiceGroup(registry, ownUuid === undefined ? body.service_group : { uuid: ownUuid });
  const records = names.map((name, index): InstanceRecord => {
    const volumes = resolveAttachments(registry, body.volumes ?? [], inlineResources.volumes[index] ?? []);
    return newInstanceRecord(name, { ...base, dependencies: dependencies ?? base.dependencies }, serviceUuid, volumes);
  });
  insertInstances(registry.parts.database, records);
  original?.recordUse();
  const instances = records.map((record) => registry.addInstance(record));
  if (serviceUuid !== undefined) onInstanceJoined(registry, serviceUuid, ownUuid === undefined ? "attached" : "inline");
  for (const { uuid, name } of records) {
    registry.parts.log.write("instance.created", { uuid, name, digest: base.digest });
  }
  return instances;
}

/** A stopped instance that was never started. */
const newInstanceRecord = (
  name: string,
  definition: InstanceDefinition,
  serviceUuid: string | undefined,
  volumes: readonly VolumeAttachment[],
): InstanceRecord => ({
  uuid: crypto.randomUUID(),
  name,
  createdAt: Date.now(),
  serviceUuid,
  volumes,
  definition,
  status: {
    state: "stopped",
    deleting: false,
    stopForced: false,
    startCount: 0,
    restartCount: 0,
    uptimeMs: 0,
    updates: [],
    detaching: [],
  },
});

function resolveServiceGroup(registry: Registry, group: CreateInstanceRequest["service_group"]): string | undefined {
  if (group === undefined) return undefined;
  const named = findBySelector(registry.services.values(), ({ record }) => record, "service group", toSelector(group));
  return named.record.uuid;
}

/** The volumes of a new instance, each judged with those before it. Throws as `resolveAttachment` does, and `NotFound`. */
function resolveAttachments(
  registry: Registry,
  requested: NonNullable<CreateInstanceRequest["volumes"]>,
  created: readonly VolumeRecord[],
): VolumeAttachment[] {
  const rest = [...created];
  return requested.reduce<VolumeAttachment[]>((present, entry) => {
    const own = isInlineVolume(entry) ? rest.shift() : undefined;
    const volume = findBySelector(registry.volumes.values(), (one) => one, "volume", own ?? toSelector(entry));
    return [...present, resolveAttachment(registry, volume, entry, present)];
  }, []);
}

type PartialSelector = { readonly uuid?: string | undefined; readonly name?: string | undefined };

/** Exactly one of uuid and name. */
function toSelector({ uuid, name }: PartialSelector): Selector {
  if (uuid !== undefined && name !== undefined)
    throw new ApiItemError("NotBoth", "Either 'uuid' or 'name' must be given, not both");
  if (uuid !== undefined) return { uuid };
  if (name !== undefined) return { name };
  throw new ApiItemError("MissingId", "Either 'uuid' or 'name' must be given");
}
