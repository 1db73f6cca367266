/**
 * The source of a new instance: an image, or an instance, template or checkpoint to copy. `inheritedMemory.ts` copies the memory.
 */
import { type Selector, findBySelector, findInstance, visibleInstances } from "../../lookup";
import type { CreateInstanceRequest, InstanceVolumeRequest } from "../../../contract/models";

import type { Registry } from "../../registry";
import { ApiItemError } from "../../errors";
import type { ResolvedImage, InstanceDefinition, InstanceRecord } from "../../store/instances";
import type { Instance } from "../instance";
import { type CreateInstances, getOrCreateTemplate } from "./templateOnDemand";
import { type Resolved, resolveImage } from "./resolve";
import { bootLayerDigests } from "../update/queuedUpdates";

/** MiB. Source: the cloud's documentation. */
const DEFAULT_MEMORY_MB = 128;

/** The source of a new instance. */
export interface InstanceSource extends Resolved<InstanceDefinition> {
  /** Default volumes, used if the request has none. */
  readonly volumes: readonly InstanceVolumeRequest[];
  /** The instance, template or checkpoint that is copied; `undefined` for an image. */
  readonly original: Instance | undefined;
}

/**
 * Resolves the source of a create request: the default definition and the layers that the instance boots from.
 *
 * Throws what resolving an image throws; `NotFound`, `Invalid`, `CannotBeUsed`, `FailedWrongVmState`; `Attached` for volumes that cannot be shared; what creating a template throws.
 *
 * @param create creates the instance that becomes a template on demand
 */
export async function resolveSource(
  registry: Registry,
  body: CreateInstanceRequest,
  create: CreateInstances,
): Promise<InstanceSource> {
  const { image, template, branch_from: branch, checkpoint } = body;
  if (image !== undefined) {
    const { value, layers } = await resolveImage(registry, image);
    return { value: defaultDefinition(value), layers, volumes: [], original: undefined };
  }
  if (template !== undefined) {
    const prepared = template.prepare === true ? await getOrCreateTemplate(registry, template, create) : undefined;
    return copySource(prepared ?? findTemplateOrCheckpoint(registry, "template", template), body);
  }
  if (branch !== undefined) {
    const original = findInstance(registry, branch);
    assertCopyable(original, "branch from");
    return copySource(original, body);
  }
  if (checkpoint !== undefined) return copySource(findTemplateOrCheckpoint(registry, "checkpoint", checkpoint), body);
  throw new ApiItemError("Invalid", "'image' is missing in instance creation arguments");
}

/** Throws `NotFound`, `Invalid`. */
function findTemplateOrCheckpoint(registry: Registry, kind: "template" | "checkpoint", selector: Selector): Instance {
  const all = visibleInstances(registry).filter(({ state }) => state === kind);
  return findBySelector(all, ({ record }) => record, kind, selector);
}

/** Throws `FailedWrongVmState` unless the instance runs, sleeps or is stopped. `doing` is the operation, for the message. */
export function assertCopyable({ record, state, usesDisks }: Instance, doing: "branch from" | "checkpoint"): void {
  const { status } = record;
  if (status.snapshotUuid !== undefined)
    throw new ApiItemError("FailedWrongVmState", `Cannot ${doing} VM with pending snapshot`);
  if (state === "running" || state === "standby") return;
  if (state !== "stopped" || usesDisks || status.restart !== undefined)
    throw new ApiItemError("FailedWrongVmState", `Cannot ${doing} VM in state '${state}'`);
}

/** Throws `Attached` if the instance has a writable volume, which a copy can neither share nor copy. */
export function assertNoWritableVolumes({ record }: Instance): void {
  const written = record.volumes.find(({ readonly }) => !readonly);
  if (written === undefined) return;
  const what = `'${record.name}' has a writable volume at '${written.at}', which cannot be shared`;
  throw new ApiItemError("Attached", `${what}; detach it first, or set 'volumes' for the new instance`);
}

function copySource(original: Instance, { service_group, volumes }: CreateInstanceRequest): InstanceSource {
  const { record } = original;
  if (volumes === undefined) assertNoWritableVolumes(original);
  return {
    value: inheritedDefinition(record, service_group !== undefined),
    layers: bootLayerDigests({ ...record, status: { ...record.status, updates: [] } }).map((digest) => ({ digest })),
    volumes: record.volumes.map(({ volumeUuid, at, readonly }) => ({ uuid: volumeUuid, at, readonly })),
    original,
  };
}

/**
 * The definition that a copy inherits. Without a service nothing could wake or probe it, so scale to zero and the readiness probe are
 * dropped. A copy of an instance out of rotation is in rotation.
 */
function inheritedDefinition(original: InstanceRecord, hasService: boolean): InstanceDefinition {
  const { uuid, name, createdAt, definition, status } = original;
  const { scaleToZero, readinessProbe, history } = definition;
  return {
    ...definition,
    scaleToZero: hasService ? scaleToZero : undefined,
    readinessProbe: hasService ? readinessProbe : undefined,
    rotation: undefined,
    hostname: undefined,
    deleteLock: false,
    templateAutokillMs: 0,
    autoscaledBy: undefined,
    fromTemplate: status.state === "template" ? true : definition.fromTemplate,
    history: status.state === "checkpoint" ? [{ uuid, name, createdAt }, ...history] : history,
  };
}

/** The default definition of an instance of `image`. */
const defaultDefinition = (image: ResolvedImage): InstanceDefinition => ({
  ...image,
  args: image.imageArgs,
  argsFromImage: true,
  env: {},
  memoryMb: DEFAULT_MEMORY_MB,
  vcpus: 1,
  restartPolicy: "never",
  tags: [],
  annotations: {},
  deleteLock: false,
  deleteOnStop: false,
  dependencies: [],
  roms: [],
  schedules: [],
  autokill: { timeMs: 0, numRequests: 0 },
  templateAutokillMs: 0,
  history: [],
});
