/** The commands of `unikernel` in the test's own process, on a platform with VMs in memory. */
import * as fs from "node:fs/promises";
import * as os from "node:os";
import * as path from "node:path";
import { PassThrough } from "node:stream";
import { localPaths } from "../../provider/base/localPaths";
import { runCommandLine } from "../../provider/cli/runCommandLine";
import type { CommandOutcome } from "./commandLine";
import { TestPlatform } from "./testPlatform";

/** Standard input of a command: what a test writes to it. */
export class TestInput extends PassThrough {
  readonly isTTY: boolean;
  /** As the terminal was set last; `undefined`: it never was. */
  isRaw: boolean | undefined;

  constructor(isTTY: boolean) {
    super();
    this.isTTY = isTTY;
  }

  setRawMode(isRaw: boolean): void {
    this.isRaw = isRaw;
  }

  unref(): void {
    // it keeps no process alive
  }
}

/** A platform whose state folder, home and tools are those of this process until it is closed. */
export class CommandPlatform {
  readonly platform: TestPlatform;
  readonly #env: NodeJS.ProcessEnv;

  private constructor(platform: TestPlatform, env: NodeJS.ProcessEnv) {
    this.platform = platform;
    this.#env = env;
  }

  /** Starts no daemon. Only what {@link addTool} adds is on PATH, and what a shell needs. */
  static async open(): Promise<CommandPlatform> {
    const env = { ...process.env };
    const folder = await fs.mkdtemp(path.join(os.tmpdir(), "unikernel-cli-"));
    for (const name of ["run", "home", "bin"]) await fs.mkdir(path.join(folder, name), { mode: 0o700 });
    for (const name of ["UKC_METRO", "UKC_TOKEN", "UNIKERNEL_QUOTAS", "UNIKERNEL_ACCEL"]) delete process.env[name];
    Object.assign(process.env, {
      UNIKERNEL_STATE_DIR: path.join(folder, "state"),
      UNIKERNEL_CACHE_DIR: path.join(folder, "cache"),
      XDG_RUNTIME_DIR: path.join(folder, "run"),
      HOME: path.join(folder, "home"),
      UNIKERNEL_QEMU: path.join(folder, "bin", "qemu-system-x86_64"),
      NO_COLOR: "1",
    });
    return new CommandPlatform(await TestPlatform.openAt(localPaths()), env);
  }

  get folder(): string {
    return this.platform.folder;
  }

  /** Puts a shell script in front of all tools of its name. */
  async addTool(name: string, script: string): Promise<void> {
    const bin = path.join(this.folder, "bin");
    await fs.writeFile(path.join(bin, name), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
    process.env["PATH"] = `${bin}:${this.#env["PATH"] ?? ""}`;
  }

  /** Only tools that were added are found. */
  hideOtherTools(): void {
    process.env["PATH"] = path.join(this.folder, "bin");
  }

  /** Runs a command to its end. */
  async run(
    args: readonly string[],
    options: { readonly input?: NodeJS.ReadableStream } = {},
  ): Promise<CommandOutcome> {
    const { stdin } = process;
    const output = { stdout: "", stderr: "" };
    const restore = (["stdout", "stderr"] as const).map((name) => capture(process[name], (text) => (output[name] += text))); // prettier-ignore
    if (options.input !== undefined) setStdin(options.input);
    try {
      return { code: await runCommandLine(args), ...output };
    } finally {
      restore.forEach((one) => one());
      setStdin(stdin);
    }
  }

  /** Runs a command that must succeed, and returns what it printed. */
  async text(...args: readonly string[]): Promise<string> {
    const { code, stdout, stderr } = await this.run(args);
    if (code !== 0) throw new Error(`unikernel ${args.join(" ")} exited with ${code}: ${stderr}${stdout}`);
    return stdout;
  }

  /** Runs a command that must fail, and returns its error. */
  async failure(...args: readonly string[]): Promise<string> {
    const { code, stdout, stderr } = await this.run(args);
    if (code === 0 || stdout !== "") throw new Error(`unikernel ${args.join(" ")} exited with ${code}: ${stdout}`);
    return stderr;
  }

  async close(): Promise<void> {
    await this.platform.close();
    for (const name of Object.keys(process.env)) if (this.#env[name] === undefined) delete process.env[name];
    Object.assign(process.env, this.#env);
  }
}

const setStdin = (value: NodeJS.ReadableStream): void =>
  void Object.defineProperty(process, "stdin", { value, configurable: true, writable: true });

/** Hands over what is written; returns what ends it. */
function capture(stream: NodeJS.WriteStream, add: (text: string) => void): () => void {
  const { write } = stream;
  stream.write = (chunk: string | Uint8Array): boolean => {
    add(typeof chunk === "string" ? chunk : Buffer.from(chunk).toString());
    return true;
  };
  return () => (stream.write = write);
}
