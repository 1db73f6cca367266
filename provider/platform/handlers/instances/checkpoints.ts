/** Checkpoints: immutable copies of instances that others are created from. */
import { findInstance, visibleInstances } from "../../lookup";
import type { BodyOf } from "../../../contract/routes";
import { withReservedNames } from "../../instances/create/naming";
import { newCheckpoint } from "../../instances/update/templates";
import type { Instance } from "../../instances/instance";
import type { InstanceRecord } from "../../store/instances";
import { withCopiedMemory } from "../../instances/create/inheritedMemory";
import { keepsNoMemory } from "../../instances/lifecycle/capturing";
import { assertCopyable, assertNoWritableVolumes } from "../../instances/create/source";
import type { Registry } from "../../registry";
import { assertQuota } from "../../quota/quota";
import { ApiItemError } from "../../errors";
import { insertInstances } from "../../store/instanceQueries";
import { templateKindHandlers, templateKindItem } from "./templateKinds";

import type { Handlers } from "../handler";
import { mapItems } from "../items";

type CheckpointRoutes = "createCheckpoints" | "getCheckpoints" | "patchCheckpoints" | "deleteCheckpoints";

/** Handlers of `/v1/instances/checkpoints`. A create waits until the memory is copied, whatever `timeout_s` is. */
export function checkpointHandlers(registry: Registry): Pick<Handlers, CheckpointRoutes> {
  const { log, database } = registry.parts;
  const { get, patch, remove } = templateKindHandlers(registry, "checkpoint");

  function create({ from, name, tags, autokill }: BodyOf<"createCheckpoints">[number]) {
    const source = findInstance(registry, from);
    assertCopyable(source, "checkpoint");
    assertNoWritableVolumes(source);
    const same = visibleInstances(registry).find(({ record }) => record.name === name);
    if (same?.state === "checkpoint")
      throw new ApiItemError("AlreadyExists", `A checkpoint with the name '${name}' already exists`);
    return withReservedNames(registry, { name }, source.record.name, async ([taken = ""]) => {
      assertQuota(registry, { instances: 1 });
      const request = { name: taken, tags, autokillMs: autokill?.time_ms ?? 0, now: Date.now() };
      const record = await withMemory(source, newCheckpoint(source.record, request), (complete) => {
        assertQuota(registry, { instances: 1 }); // again: others may have been created while the memory was copied
        const [privateIp = ""] = registry.allocateAddresses(1);
        insertInstances(database, [{ ...complete, privateIp }]);
        return { ...complete, privateIp };
      });
      const instance = registry.addInstance(record);
      log.write("checkpoint.created", { uuid: record.uuid, name: record.name, from: source.record.uuid });
      return templateKindItem(instance);
    });
  }

  /** Completes the record of a checkpoint with what is known of the memory that it keeps, and saves it. */
  function withMemory(
    source: Instance,
    record: InstanceRecord,
    save: (complete: InstanceRecord) => InstanceRecord,
  ): Promise<InstanceRecord> {
    if (source.state === "stopped") return Promise.resolve(save(record));
    return withCopiedMemory(registry, source, record.uuid, async (reason) => {
      const kept = reason === undefined ? { capturedAt: Date.now() } : { memoryNotice: keepsNoMemory(reason) };
      return save({ ...record, status: { ...record.status, ...kept } });
    });
  }

  return {
    createCheckpoints: async ({ body }) => ({ items: await mapItems(body, log, create) }),
    getCheckpoints: get,
    patchCheckpoints: patch,
    deleteCheckpoints: remove,
  };
}
