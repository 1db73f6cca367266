/** From a create request to instances: what can be refused is refused before anything exists, what fails leaves nothing. */
import * as crypto from "node:crypto";
import type { CreateInstanceRequest } from "../../../contract/models";
import { find } from "../../handlers/items";
import type { Selector } from "../../handlers/request";
import type { Platform } from "../../registry";
import { enforceQuota, liveUsage } from "../../quota";
import { Refusal } from "../../errors";
import { type Attachment, type InstanceDefinition, type InstanceRecord, insertInstances } from "../../store/instances";
import { afterMemberJoined } from "../../services/membership";
import type { VolumeRecord } from "../../store/volumes";
import { checkedAttachment } from "../../volumes/attachments";
import { refuseUnacceptable } from "./validate";
import type { InstanceActor } from "../actor";
import { type Belongings, isNew, withBelongings } from "./inlineResources";
import { requestedDefinition } from "./definition";
import { withNames } from "./naming";
import { holdingLayers, resolveDependencies, resolveRoms } from "./resolve";
import { checkDeleteOnStop, checkScaleToZero } from "../update/rules";
import { findSource } from "./source";

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
  platform: Platform,
  asked: CreateInstanceRequest,
  { autoscaledBy }: CreateOrigin = {},
): Promise<InstanceActor[]> {
  refuseUnacceptable(asked, platform.parts.quotas.limits);
  const source = await findSource(platform, asked, (args) => createInstances(platform, args));
  const body = { ...asked, volumes: asked.volumes ?? [...source.volumes] };
  const roms = await resolveRoms(platform, body.roms ?? []);
  const requested = requestedDefinition(source.value, body, {
    roms: body.roms && roms.value,
    dependencies: undefined,
  });
  const base = { ...requested, autoscaledBy }; // which is nothing that a copy has from what it is a copy of
  // Some of it may be inherited.
  checkScaleToZero(base, body.service_group !== undefined);
  checkDeleteOnStop(base);
  return withNames(platform, body, base.repository, (names) => {
    enforceCreateQuota(platform, body, base, names.length);
    return withBelongings(platform, body, names.length, (belongings) =>
      holdingLayers(platform, [...source.layers, ...roms.layers], () =>
        keepInstances(platform, { names, body, base, belongings }, source.original),
      ),
    );
  });
}

function enforceCreateQuota(
  platform: Platform,
  body: CreateInstanceRequest,
  definition: InstanceDefinition,
  count: number,
): void {
  enforceQuota(platform, { instances: count, ...(body.autostart === true ? liveUsage(definition, count) : {}) });
}

/** What a create has found out when its image is unpacked. */
interface Prepared {
  readonly names: readonly string[];
  readonly body: CreateInstanceRequest;
  /** All of the definition but the dependencies. */
  readonly base: InstanceDefinition;
  readonly belongings: Belongings;
}

/** Without a pause from here to the records: no other request can take a volume or the last of a quota between. */
function keepInstances(
  platform: Platform,
  { names, body, base, belongings }: Prepared,
  original: InstanceActor | undefined,
): InstanceActor[] {
  enforceCreateQuota(platform, body, base, names.length);
  const dependencies = body.dependencies && resolveDependencies(platform, body.dependencies);
  // What was made for this request may have been deleted by another one.
  const { serviceUuid: ownUuid } = belongings;
  const serviceUuid = existingGroup(platform, ownUuid === undefined ? body.service_group : { uuid: ownUuid });
  const records = names.map((name, index): InstanceRecord => {
    const volumes = attachments(platform, body.volumes ?? [], belongings.volumes[index] ?? []);
    return newRecord(name, { ...base, dependencies: dependencies ?? base.dependencies }, serviceUuid, volumes);
  });
  insertInstances(platform.parts.database, records);
  original?.noteUse();
  const actors = records.map((record) => platform.addInstance(record));
  if (serviceUuid !== undefined)
    afterMemberJoined(platform, serviceUuid, ownUuid === undefined ? "attached" : "inline");
  for (const { uuid, name } of records) {
    platform.parts.log.write("instance.created", { uuid, name, digest: base.digest });
  }
  return actors;
}

/** A stopped instance that was never started. */
const newRecord = (
  name: string,
  definition: InstanceDefinition,
  serviceUuid: string | undefined,
  volumes: readonly Attachment[],
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

function existingGroup(platform: Platform, group: CreateInstanceRequest["service_group"]): string | undefined {
  if (group === undefined) return undefined;
  const named = find(platform.services.values(), ({ record }) => record, "service group", selectorOf(group));
  return named.record.uuid;
}

/** The volumes of a new instance, each judged with those before it. Throws as `checkedAttachment` does, and `NotFound`. */
function attachments(
  platform: Platform,
  wanted: NonNullable<CreateInstanceRequest["volumes"]>,
  made: readonly VolumeRecord[],
): Attachment[] {
  const rest = [...made];
  return wanted.reduce<Attachment[]>((present, entry) => {
    const own = isNew(entry) ? rest.shift() : undefined;
    const volume = find(platform.volumes.values(), (one) => one, "volume", own ?? selectorOf(entry));
    return [...present, checkedAttachment(platform, volume, entry, present)];
  }, []);
}

type MaybeNamed = { readonly uuid?: string | undefined; readonly name?: string | undefined };

/** Exactly one of uuid and name. */
function selectorOf({ uuid, name }: MaybeNamed): Selector {
  if (uuid !== undefined && name !== undefined)
    throw new Refusal("NotBoth", "Either 'uuid' or 'name' must be given, not both");
  if (uuid !== undefined) return { uuid };
  if (name !== undefined) return { name };
  throw new Refusal("MissingId", "Either 'uuid' or 'name' must be given");
}
