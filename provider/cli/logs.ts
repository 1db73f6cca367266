/** `unikernel logs` and `unikernel local logs` */
import { resolveMetro } from "../base/config/metroConfig";
import { parseArguments } from "../base/commandLineOptions";
import { systemClock } from "../base/clock";
import { UnikernelError } from "../base/errors";
import { type Client, onlyItem } from "../client/client";
import { readInstanceLog } from "../client/errors/instanceLog";
import { createMetroClient } from "../client/metroClient";
import { type CommandResult, ExitCode } from "./command";
import { readNamed } from "./findName";
import { connectLocal } from "./local/client";
import { selectByWords } from "./local/instances/select";
import { withInterruptSignal, writeOutput } from "./terminal/stream";

/** Most bytes of a log in one response. Source: the platform's documentation. */
const MAX_LOG_BYTES = 16_383;
/** Pause between two reads of a log that has no new bytes. */
const FOLLOW_INTERVAL_MS = 250;

/**
 * The console log of an instance, as far as the metro has kept it. Takes its name, or that of its resource. With `--follow` it goes
 * on until the instance has stopped or is deleted, or Ctrl-C.
 */
export async function logs(args: readonly string[]): Promise<string | CommandResult> {
  const { operands, options } = parseArguments(args, { metro: "list", follow: "switch" }, { follow: "f" });
  const name = onlyOperand(operands, "unikernel logs");
  const config = resolveMetro({ argument: { metro: options.metro.at(-1) } });
  const client = createMetroClient(config);
  const reading = (found: string): string => `Reading the log of instance '${found}' in metro '${config.metro}'`;
  const list = async () => (await client.getInstances({})).items;
  if (options.follow) {
    const find = async (found: string) =>
      onlyItem(await client.getInstances({ query: { name: [found] } }), reading(found)).uuid;
    return await follow(client, await readNamed(name, find, list));
  }
  const log = await readNamed(name, (found) => readInstanceLog(client, { name: found }, reading(found)), list);
  return withoutLastNewline(log);
}

/** {@link logs} of an instance of the local platform, which its UUID or the start of it also names. */
export async function localLogs(args: readonly string[]): Promise<string | CommandResult> {
  const { operands, options } = parseArguments(args, { follow: "switch" }, { follow: "f" });
  const word = onlyOperand(operands, "unikernel local logs");
  const { client } = await connectLocal();
  const [instance] = selectByWords([word], (await client.getInstances({})).items, { kind: "instance" });
  const { uuid = "", name = "" } = instance ?? {};
  if (options.follow) return await follow(client, uuid);
  return withoutLastNewline(await readInstanceLog(client, { uuid }, `Reading the log of instance '${name}'`));
}

const withoutLastNewline = (text: string): string => text.replace(/\r?\n$/, "");

function onlyOperand(operands: readonly string[], command: string): string {
  const [name, ...others] = operands;
  if (name !== undefined && others.length === 0) return name;
  throw new UnikernelError("INPUT_INVALID", `'${command}' takes the name of one instance.`, {
    hint: `Write 'npx ${command} <instance>'.`,
  });
}

/** Prints the log from its start and what is added to it. */
const follow = (client: Client, uuid: string): Promise<CommandResult> =>
  withInterruptSignal(async (signal) => {
    try {
      await followLog(client, uuid, { write: writeOutput, signal });
      return { text: "", exitCode: ExitCode.success };
    } catch (error) {
      if (signal.aborted) return { text: "", exitCode: ExitCode.interrupted };
      throw error;
    }
  });

/**
 * Writes a log from its start and what is added to it, until the instance has stopped for good, or is deleted. The log of a new VM
 * of the instance begins anew. Throws the client's errors, or the signal's reason.
 */
export async function followLog(
  client: Client,
  uuid: string,
  { write, signal }: { readonly write: (bytes: Uint8Array) => Promise<void>; readonly signal: AbortSignal },
): Promise<void> {
  for (let offset = 0; ;) {
    const query = { uuid: [uuid], offset: [offset], limit: [MAX_LOG_BYTES] };
    const response = await client.getInstanceLogs({ query }, { signal });
    if (response.items[0]?.status === "error" && offset > 0) return; // deleted since the last read
    const { output = "", range, available, state } = onlyItem(response, `Reading the log of instance '${uuid}'`);
    const size = available?.end ?? 0;
    if (size < offset) {
      offset = 0;
      continue;
    }
    const bytes = Buffer.from(output, "base64");
    if (bytes.length > 0) await write(bytes);
    else if (state === "stopped" && !(await restarts(client, uuid, signal))) return;
    else await systemClock.sleep(FOLLOW_INTERVAL_MS, signal);
    offset = range?.end ?? offset;
  }
}

/** True while the restart policy of a stopped instance is about to start it again. */
async function restarts(client: Client, uuid: string, signal: AbortSignal): Promise<boolean> {
  const { items } = await client.getInstances({ query: { uuid: [uuid] } }, { signal });
  return items[0]?.restart != null;
}
