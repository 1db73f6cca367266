/** `unikernel local start`, `stop` and `rm`. */
import { parseArguments } from "../../../base/commandLineOptions";
import { systemClock } from "../../../base/clock";
import { UnikernelError } from "../../../base/errors";
import { allItems } from "../../../client/client";
import { waitUntilStopped } from "../../../client/waitForInstance";
import type { InstanceItem } from "../../../contract/models";
import { findMark } from "../../../resources/common/ownershipMark";
import { formatDuration } from "../../terminal/units";
import { connectLocal } from "../client";
import { selectByWords } from "./select";

/** How long an instance may take to start its program: a guest under emulation takes seconds. */
const START_TIMEOUT_S = 60;
/** How long the server may take to delete an instance, which ends its VM. */
const DELETE_TIMEOUT_MS = 60_000;
/** How long an instance may take to stop: its grace period of 10 s, and a drain. */
const STOP_TIMEOUT_MS = 60_000;

const listNames = (items: readonly InstanceItem[]): string => items.map(({ name }) => `'${name}'`).join(", ");

/** Starts instances and waits until their programs run. Those that run stay as they are. */
export async function startInstances(args: readonly string[]): Promise<string> {
  const { operands } = parseArguments(args, {});
  const { client } = await connectLocal();
  const selected = selectByWords(operands, (await client.getInstances({})).items, { kind: "instance" });
  const body = selected.map(({ uuid }) => ({ uuid, timeout_s: START_TIMEOUT_S }));
  const attempted = `Starting ${listNames(selected)}`;
  const started = allItems(await client.startInstances({ body }, { serverWaitMs: START_TIMEOUT_S * 1000 }), attempted);
  return started
    .map(({ name, state, boot_time_us: bootUs = 0 }) =>
      state === "running" && bootUs > 0
        ? `'${name}' is running; its program started after ${formatDuration(bootUs / 1000)}.`
        : `'${name}' is ${state ?? "started"}.`,
    )
    .join("\n");
}

/** Stops instances and waits until they have; `--force` ends their VMs at once. */
export async function stopInstances(args: readonly string[]): Promise<string> {
  const { operands, options } = parseArguments(args, { force: "switch" });
  const { client } = await connectLocal();
  const selected = selectByWords(operands, (await client.getInstances({})).items, { kind: "instance" });
  const body = selected.map(({ uuid }) => ({ uuid, ...(options.force ? { force: true } : {}) }));
  allItems(await client.stopInstances({ body }), `Stopping ${listNames(selected)}`);
  await Promise.all(
    selected.map(({ uuid }) => waitUntilStopped(client, uuid, { clock: systemClock, timeoutMs: STOP_TIMEOUT_MS })),
  );
  return `Stopped ${listNames(selected)}.`;
}

/**
 * Deletes instances with their VMs. Throws `IN_USE` and deletes nothing if a stack may manage one of them, unless `--managed` is
 * given.
 */
export async function removeInstances(args: readonly string[]): Promise<string> {
  const { operands, options } = parseArguments(args, { managed: "switch" });
  const { client } = await connectLocal();
  const { items } = await client.getInstances({});
  const selected = selectByWords(operands, items, { kind: "instance", exact: true });
  const managed = selected.filter(({ tags }) => findMark(tags)?.unfinished === false);
  if (managed.length > 0 && !options.managed) {
    throw new UnikernelError(
      "IN_USE",
      `A stack made ${listNames(managed)} and may still manage it; nothing was deleted.`,
      {
        hint: "Change the program and run 'pulumi up' instead. If no stack has it, add --managed.",
      },
    );
  }
  const body = selected.map(({ uuid }) => ({ uuid }));
  allItems(
    await client.deleteInstances({ body }, { serverWaitMs: DELETE_TIMEOUT_MS }),
    `Deleting ${listNames(selected)}`,
  );
  return `Deleted ${listNames(selected)}.`;
}
