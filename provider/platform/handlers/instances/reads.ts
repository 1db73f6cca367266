/** Reading what happens to instances: waits for states, and console logs. */
import { HttpRefusal } from "../../http/response";
import { readConsoleLog } from "../../instances/consoleLog";
import type { Platform } from "../../registry";
import { instanceItem } from "./item";
import { namedInstance } from "./visible";
import { goneItem, isIn, timedOutItem, waitForState, withMessage } from "./wait";
import type { Handlers, Selector } from "../request";
import { eachItem } from "../items";

const DEFAULT_LOG_BYTES = 4096;

/** Handlers of `/v1/instances/wait` and `/v1/instances/log`. */
export function instanceReadHandlers(platform: Platform): Pick<Handlers, "waitInstances" | "getInstanceLogs"> {
  const { log } = platform.parts;
  return {
    waitInstances: async ({ query, selectors, signal }) => {
      const items = await eachItem(byPosition(selectors), log, async ({ selector, at }) => {
        const actor = namedInstance(platform, selector);
        const wanted = at(query.state) ?? "running";
        const milliseconds = at(query.timeout_ms);
        const timeoutS = at(query.timeout_s) ?? (milliseconds === undefined ? -1 : secondsOf(milliseconds));
        const end = await waitForState(platform, actor, isIn(wanted), timeoutS, signal);
        if (end === "gone") return goneItem(actor);
        return end === "met" ? instanceItem(platform, actor) : timedOutItem(actor);
      });
      return withMessage(items);
    },

    getInstanceLogs: async ({ query, selectors }) => ({
      items: await eachItem(byPosition(selectors), log, async ({ selector, at }) => {
        const { record, state } = namedInstance(platform, selector);
        const { uuid, name } = record;
        const file = platform.parts.vmm.consoleLog(uuid);
        const limit = at(query.limit) ?? DEFAULT_LOG_BYTES;
        const { bytes, available, range } = await readConsoleLog(file, at(query.offset) ?? -DEFAULT_LOG_BYTES, limit);
        const output = Buffer.from(bytes).toString("base64");
        return { status: "success" as const, uuid, name, output, available, range, state };
      }),
    }),
  };
}

const secondsOf = (milliseconds: number): number => (milliseconds < 0 ? -1 : milliseconds / 1000);

/** A selector with the way to its values in lists of parameters: one value for all, or one for each position. */
interface Positioned {
  readonly uuid?: string;
  readonly name?: string;
  readonly selector: Selector;
  readonly at: <T>(values: readonly T[] | undefined) => T | undefined;
}

/** Throws a refusal 400 when nothing is named. */
function byPosition(selectors: readonly Selector[]): Positioned[] {
  if (selectors.length === 0) throw new HttpRefusal(400, "Either 'uuid' or 'name' must be given", "MissingId");
  return selectors.map((selector, index) => ({
    ...selector,
    selector,
    at: (values) => values?.[index] ?? values?.[0],
  }));
}
