/** Real builders for tests: a BuildKit daemon of its own, and Debian's buildah. */
import * as childProcess from "node:child_process";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { findTool } from "../../provider/base/exec";

const root = path.resolve(__dirname, "../..");
const START_TIMEOUT_MS = 30_000;

/** A daemon in a folder of its own. */
export interface TestDaemon {
  /** How to reach it: an address for `BUILDKIT_HOST`. */
  readonly address: string;
  /** Ends it and removes its folder. */
  readonly stop: () => Promise<void>;
}

/** The folder of `buildkitd` and `buildctl` from the set-up, which runs now if needed. */
export function findBuildKit(): string {
  const ready = process.env["UNIKERNEL_TEST_BUILDKIT"];
  if (ready !== undefined) return ready;
  const output = childProcess.execFileSync(process.execPath, [path.join(root, "scripts", "run.mjs"), "buildkit"], {
    encoding: "utf8",
  });
  return output.trimEnd().split("\n").at(-1) ?? "";
}

/** Path of a tool that the set-up installs for this lane. Throws if it is missing. */
export function requireTool(name: string): string {
  const tool = findTool(name);
  if (tool === undefined)
    throw new Error(`'${name}' is not installed. 'npm test -- e2e' installs what the tests need.`);
  return tool;
}

/** Starts BuildKit. */
export async function startBuildKit(buildKit: string): Promise<TestDaemon> {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "buildkit-"));
  const address = `unix://${folder}/s.sock`;
  const runc = path.dirname(requireTool("runc"));
  const args = ["--root", path.join(folder, "root"), "--addr", address, "--containerd-worker=false"];
  const env = { ...process.env, PATH: `${runc}:${process.env["PATH"] ?? ""}` };
  return startDaemon(path.join(buildKit, "buildkitd"), args, folder, /running server on/, () => address, env);
}

async function startDaemon(
  file: string,
  args: readonly string[],
  folder: string,
  isReady: RegExp,
  toAddress: (found: string) => string,
  env: NodeJS.ProcessEnv = process.env,
): Promise<TestDaemon> {
  const child = childProcess.spawn(file, args, { env, stdio: ["ignore", "pipe", "pipe"] });
  let log = "";
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding("utf8").on("data", (text: string) => (log += text));
  const ended = new Promise<void>((resolve) => child.once("close", () => resolve()).once("error", () => resolve()));
  const stop = async (): Promise<void> => {
    child.kill("SIGTERM");
    const timer = setTimeout(() => child.kill("SIGKILL"), 5_000);
    await ended;
    clearTimeout(timer);
    fs.rmSync(folder, { recursive: true, force: true });
  };
  const deadline = Date.now() + START_TIMEOUT_MS;
  for (;;) {
    const found = isReady.exec(log);
    if (found !== null) return { address: toAddress(found[1] ?? ""), stop };
    if (child.exitCode !== null || Date.now() > deadline) {
      await stop();
      throw new Error(`${file} did not start:\n${log}`);
    }
    await delay(20);
  }
}
