/**
 * Templates and checkpoints: instances that never run and that others are created from. They keep the definition, the volumes and, if
 * it can be cloned, the memory. Pure.
 */
import * as crypto from "node:crypto";
import { autokillTime, type InstanceState } from "../../../contract/models";
import { ApiItemError } from "../../errors";
import type { InstanceDefinition, InstanceRecord } from "../../store/instances";
import type { TemplatePatchOperation } from "../instance";
import { newStatus } from "../statusChanges";
import { applyPatch, type PatchContext } from "./patch";

/** True for a template or checkpoint, which never runs. */
export const isTemplateOrCheckpoint = (state: InstanceState): boolean => state === "template" || state === "checkpoint";

/** The parameters of a new checkpoint. */
export interface CheckpointRequest {
  readonly name: string;
  /** `undefined`: those of the source. */
  readonly tags: readonly string[] | undefined;
  /** Milliseconds without use after which it is deleted; 0 is never. */
  readonly autokillMs: number;
  /** Unix milliseconds. */
  readonly now: number;
}

/** The record of a checkpoint without an address. Pure except for the random uuid. */
export function newCheckpoint(source: InstanceRecord, request: CheckpointRequest): InstanceRecord {
  const { name, tags, autokillMs, now } = request;
  return {
    uuid: crypto.randomUUID(),
    name,
    createdAt: now,
    privateIp: "",
    serviceUuid: undefined,
    volumes: source.volumes,
    definition: {
      ...source.definition,
      tags: [...new Set(tags ?? source.definition.tags)],
      deleteLock: false,
      templateAutokillMs: autokillMs,
      autoscaledBy: undefined,
    },
    status: { ...newStatus("checkpoint"), lastUsedAt: now },
  };
}

/** Applies a change to the definition of a template or checkpoint. Pure. Throws `Invalid`. */
export function applyTemplatePatch(
  definition: InstanceDefinition,
  { prop, op, value }: TemplatePatchOperation,
  context: PatchContext,
): InstanceDefinition {
  if (prop !== "autokill") return applyPatch(definition, { prop, op, value }, context);
  if (op === "add") throw new ApiItemError("Invalid", "'autokill' supports only 'set' and 'del'");
  if (op === "del") return { ...definition, templateAutokillMs: 0 };
  const parsed = autokillTime.safeParse(value);
  if (parsed.success) return { ...definition, templateAutokillMs: parsed.data.time_ms ?? 0 };
  throw new ApiItemError(
    "Invalid",
    "'autokill' of a template or checkpoint must be an object with 'time_ms', an integer of at least 0",
  );
}
