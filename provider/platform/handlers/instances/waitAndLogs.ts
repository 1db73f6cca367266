/** Waits for instance states, and console logs. */

import { type Selector, findInstance } from "../../lookup";
import { RequestError } from "../../errors";
import { readConsoleLog } from "../../instances/consoleLog";
import type { Registry } from "../../registry";
import { instanceItem } from "./item";

import { notFoundItem, isInState, timedOutItem, waitForState, withTimeoutMessage } from "./wait";
import type { Handlers } from "../handler";
import { mapItems } from "../items";

const DEFAULT_LOG_BYTES = 4096;

/** Handlers of `/v1/instances/wait` and `/v1/instances/log`. */
export function waitAndLogHandlers(registry: Registry): Pick<Handlers, "waitInstances" | "getInstanceLogs"> {
  const { log } = registry.parts;
  return {
    waitInstances: async ({ query, selectors, signal }) => {
      const items = await mapItems(toPositionalSelectors(selectors), log, async ({ selector, at }) => {
        const instance = findInstance(registry, selector);
        const wanted = at(query.state) ?? "running";
        const milliseconds = at(query.timeout_ms);
        const timeoutS = at(query.timeout_s) ?? (milliseconds === undefined ? -1 : toTimeoutS(milliseconds));
        const end = await waitForState(registry, instance, isInState(wanted), timeoutS, signal);
        if (end === "gone") return notFoundItem(instance);
        return end === "met" ? instanceItem(registry, instance) : timedOutItem(instance);
      });
      return withTimeoutMessage(items);
    },

    getInstanceLogs: async ({ query, selectors }) => ({
      items: await mapItems(toPositionalSelectors(selectors), log, async ({ selector, at }) => {
        const { record, state } = findInstance(registry, selector);
        const { uuid, name } = record;
        const file = registry.parts.vmm.consoleLogPath(uuid);
        const limit = at(query.limit) ?? DEFAULT_LOG_BYTES;
        const { bytes, available, range } = await readConsoleLog(file, at(query.offset) ?? -DEFAULT_LOG_BYTES, limit);
        const output = Buffer.from(bytes).toString("base64");
        return { status: "success" as const, uuid, name, output, available, range, state };
      }),
    }),
  };
}

const toTimeoutS = (milliseconds: number): number => (milliseconds < 0 ? -1 : milliseconds / 1000);

/** A selector, and a function that picks its value from a parameter list: one value for all, or one per position. */
interface PositionalSelector {
  readonly uuid?: string;
  readonly name?: string;
  readonly selector: Selector;
  readonly at: <T>(values: readonly T[] | undefined) => T | undefined;
}

/** Throws {@link RequestError} 400 without selectors. */
function toPositionalSelectors(selectors: readonly Selector[]): PositionalSelector[] {
  if (selectors.length === 0) throw new RequestError(400, "Either 'uuid' or 'name' must be given", "MissingId");
  return selectors.map((selector, index) => ({
    ...selector,
    selector,
    at: (values) => values?.[index] ?? values?.[0],
  }));
}
