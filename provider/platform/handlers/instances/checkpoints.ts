/** Checkpoints: frozen copies of instances, from which others go on. */
import type { BodyOf } from "../../../contract/routes";
import { withNames } from "../../instances/create/naming";
import { checkpointOf } from "../../instances/update/templates";
import { refuseMemory, refuseWrittenVolumes } from "../../instances/create/source";
import type { Platform } from "../../registry";
import { enforceQuota } from "../../quota";
import { Refusal } from "../../errors";
import { insertInstances } from "../../store/instances";
import { frozenHandlers, frozenItem } from "./templateKinds";
import { namedInstance, visibleInstances } from "./visible";
import type { Handlers } from "../request";
import { eachItem } from "../items";

type CheckpointRoutes = "createCheckpoints" | "getCheckpoints" | "patchCheckpoints" | "deleteCheckpoints";

/** Handlers of `/v1/instances/checkpoints`. A checkpoint is made at once, so `timeout_s` finds nothing to wait for. */
export function checkpointHandlers(platform: Platform): Pick<Handlers, CheckpointRoutes> {
  const { log, database } = platform.parts;
  const { get, patch, remove } = frozenHandlers(platform, "checkpoint");

  function create({ from, name, tags, autokill }: BodyOf<"createCheckpoints">[number]) {
    const source = namedInstance(platform, from);
    refuseMemory(source, "checkpoint");
    refuseWrittenVolumes(source);
    const same = visibleInstances(platform).find(({ record }) => record.name === name);
    if (same?.state === "checkpoint")
      throw new Refusal("AlreadyExists", `A checkpoint with the name '${name}' already exists`);
    return withNames(platform, { name }, source.record.name, async ([taken = ""]) => {
      enforceQuota(platform, { instances: 1 });
      const request = { name: taken, tags, autokillMs: autokill?.time_ms ?? 0, now: Date.now() };
      const record = checkpointOf(source.record, request);
      insertInstances(database, [record]);
      const actor = platform.addInstance(record);
      log.write("checkpoint.created", { uuid: record.uuid, name: record.name, from: source.record.uuid });
      return frozenItem(actor);
    });
  }

  return {
    createCheckpoints: async ({ body }) => ({ items: await eachItem(body, log, create) }),
    getCheckpoints: get,
    patchCheckpoints: patch,
    deleteCheckpoints: remove,
  };
}
