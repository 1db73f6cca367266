/** Checkpoints: immutable copies of instances that others are created from. */
import { findInstance, visibleInstances } from "../../lookup";
import type { BodyOf } from "../../../contract/routes";
import { withReservedNames } from "../../instances/create/naming";
import { newCheckpoint } from "../../instances/update/templates";
import { assertCopyable, assertNoWritableVolumes } from "../../instances/create/source";
import type { Registry } from "../../registry";
import { assertQuota } from "../../quota/quota";
import { ApiItemError } from "../../errors";
import { insertInstances } from "../../store/instanceQueries";
import { templateKindHandlers, templateKindItem } from "./templateKinds";

import type { Handlers } from "../handler";
import { mapItems } from "../items";

type CheckpointRoutes = "createCheckpoints" | "getCheckpoints" | "patchCheckpoints" | "deleteCheckpoints";

/** Handlers of `/v1/instances/checkpoints`. A checkpoint is created at once, so `timeout_s` has no effect. */
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
      const [privateIp = ""] = registry.allocateAddresses(1);
      const request = { name: taken, privateIp, tags, autokillMs: autokill?.time_ms ?? 0, now: Date.now() };
      const record = newCheckpoint(source.record, request);
      insertInstances(database, [record]);
      const instance = registry.addInstance(record);
      log.write("checkpoint.created", { uuid: record.uuid, name: record.name, from: source.record.uuid });
      return templateKindItem(instance);
    });
  }

  return {
    createCheckpoints: async ({ body }) => ({ items: await mapItems(body, log, create) }),
    getCheckpoints: get,
    patchCheckpoints: patch,
    deleteCheckpoints: remove,
  };
}
