/** Creates instances. Checks as much as possible before anything is created; a failed create leaves nothing behind. */
import { type Selector, findBySelector } from "../../lookup";
import * as crypto from "node:crypto";
import type { CreateInstanceRequest } from "../../../contract/models";

import type { Registry } from "../../registry";
import { assertQuota, liveQuotaUsage } from "../../quota/quota";
import { ApiItemError } from "../../errors";
import { insertInstances } from "../../store/instanceQueries";
import { newStatus } from "../statusChanges";
import type { InstanceDefinition, InstanceRecord, VolumeAttachment } from "../../store/instances";
import { onInstanceJoined } from "../../services/membership";
import type { VolumeRecord } from "../../store/volumes";
import { resolveAttachment } from "../../volumes/preconditions";
import { assertValidCreate } from "./validate";
import type { Instance } from "../instance";
import { type InheritedMemory, withInheritedMemory } from "./inheritedMemory";
import { type InlineResources, isInlineVolume, withInlineResources } from "./inlineResources";
import { assertAgent } from "../commands/assertAgent";
import { toDefinition } from "./definition";
import { withReservedNames } from "./naming";
import { assertAddressesAvailable, chosenAddress } from "./networkInterfaces";
import { type NetworkInterface, networkInterfacesOf } from "../networkInterface";
import { resolveTakeOver, takeOverStatus } from "../takeOver";
import { isTemplateOrCheckpoint } from "../update/templates";
import { withUnpackedLayers, resolveDependencies, resolveRoms } from "./resolve";
import { checkDeleteOnStop, checkScaleToZero, checkServiceMember } from "../update/rules";
import { resolveSource } from "./source";

/** The origin of a create request. */
export interface CreateOrigin {
  /** Uuid of the service group whose autoscale creates the instance; `undefined`: a user does. */
  readonly autoscaledBy?: string;
}

/**
 * Creates the `replicas` + 1 instances of a request with their inline service group and volumes. Starts none of them. The
 * request must have passed `assertWellFormedCreate`.
 *
 * Throws `NotFound`, `Attached`, `Quota`, `CannotBeUsed`, `Invalid`, `NotSupported`, `NotAllowed`, `AlreadyExists`,
 * `TooLong`, `MissingId`, `NotBoth`, and what unpacking a layer or creating a service group or volume throws.
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
  const base = { ...requested, autoscaledBy }; // never inherited from the original of a copy
  // Checked after the merge, because the source may contribute some of the values.
  checkScaleToZero(base, body.service_group !== undefined);
  checkServiceMember(base, body.service_group !== undefined);
  checkDeleteOnStop(base);
  await assertAgent(registry, base, source.layers);
  return withReservedNames(registry, body, base.repository, (names) => {
    assertCreateQuota(registry, body, base, names.length);
    return withInlineResources(registry, body, names.length, (inlineResources) =>
      withInheritedMemory(registry, source.original, (memory) =>
        withUnpackedLayers(registry, [...source.layers, ...roms.layers], () =>
          saveAndRegister(registry, { names, body, base, inlineResources, memory }, source.original),
        ),
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

/** A validated create with resolved names. */
interface PreparedCreate {
  readonly names: readonly string[];
  readonly body: CreateInstanceRequest;
  /** The definition without resolved dependencies. */
  readonly base: InstanceDefinition;
  readonly inlineResources: InlineResources;
  readonly memory: InheritedMemory;
}

/**
 * Saves and registers the instances. Synchronous, so that no concurrent request can take a volume or the rest of a
 * quota in between.
 */
function saveAndRegister(
  registry: Registry,
  { names, body, base, inlineResources, memory }: PreparedCreate,
  original: Instance | undefined,
): Instance[] {
  assertCreateQuota(registry, body, base, names.length);
  const dependencies = body.dependencies && resolveDependencies(registry, body.dependencies);
  // A concurrent request may have deleted this request's inline service group.
  const { serviceUuid: ownUuid } = inlineResources;
  const serviceUuid = resolveServiceGroup(registry, ownUuid === undefined ? body.service_group : { uuid: ownUuid });
  const definition = { ...base, dependencies: dependencies ?? base.dependencies };
  const chosen = chosenAddress(definition);
  const addresses = chosen === undefined ? registry.allocateAddresses(names.length) : [chosen];
  const own = networkInterfacesOf({ uuid: "", privateIp: addresses[0] ?? "", definition });
  assertNetworkAvailable(registry, definition, own, names.length, resolveTakeOver(registry, body, own));
  const records = names.map((name, index): InstanceRecord => {
    const volumes = resolveAttachments(registry, body.volumes ?? [], inlineResources.volumes[index] ?? []);
    return {
      ...{
        uuid: index === 0 ? memory.firstUuid : crypto.randomUUID(),
        name,
        createdAt: Date.now(),
        privateIp: addresses[index] ?? "",
      },
      ...{
        serviceUuid,
        volumes,
        definition,
        status: { ...newStatus("stopped"), ...memory.status, ...takeOverStatus(body) },
      },
    };
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

/**
 * Templates and checkpoints never run, so that others may have their addresses, and so may the successor of an instance.
 *
 * @param predecessor the instance whose addresses the new one takes; `undefined`: none
 */
function assertNetworkAvailable(
  registry: Registry,
  definition: InstanceDefinition,
  own: readonly NetworkInterface[],
  count: number,
  predecessor: Instance | undefined,
): void {
  const others = [...registry.instances.values()].filter(
    (one) => one !== predecessor && !isTemplateOrCheckpoint(one.state) && one.record.status.addressesLost !== true,
  );
  assertAddressesAvailable(
    definition,
    own,
    count,
    others.map(({ record: { name }, networkInterfaces: interfaces }) => ({ name, interfaces })),
  );
}

function resolveServiceGroup(registry: Registry, group: CreateInstanceRequest["service_group"]): string | undefined {
  if (group === undefined) return undefined;
  const named = findBySelector(registry.services.values(), ({ record }) => record, "service group", toSelector(group));
  return named.record.uuid;
}

/**
 * Resolves the volumes of a new instance, each checked against those before it. Throws what `resolveAttachment` throws,
 * and `NotFound`.
 */
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

/** Asserts that exactly one of uuid and name is given. Throws `NotBoth`, `MissingId`. */
function toSelector({ uuid, name }: PartialSelector): Selector {
  if (uuid !== undefined && name !== undefined)
    throw new ApiItemError("NotBoth", "Either 'uuid' or 'name' must be given, not both");
  if (uuid !== undefined) return { uuid };
  if (name !== undefined) return { name };
  throw new ApiItemError("MissingId", "Either 'uuid' or 'name' must be given");
}
