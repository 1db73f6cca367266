/**
 * One run of a container: a process with a root folder, mounts and process ids of its own (`unshare`, `chroot`), and with the
 * network of this machine, so that it must listen on its pod's loopback address. It ends with the test process.
 *
 * As root, users and groups are honoured; otherwise everything runs as the test's own user.
 */
import * as childProcess from "node:child_process";
import * as fs from "node:fs/promises";
import * as path from "node:path";
import { findTool } from "../../../../provider/base/exec";
import { type BoundProcess, startBoundProcess } from "../boundProcess";

/** What appears at a path of the container. */
export interface Mount {
  /** File or folder of this machine. */
  readonly source: string;
  /** Absolute path in the container. */
  readonly target: string;
  readonly readOnly: boolean;
}

/** What to run. */
export interface ContainerRun {
  /** Folder of this run: its root and nothing else. */
  readonly root: string;
  readonly log: string;
  readonly command: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly mounts: readonly Mount[];
  readonly isRootReadOnly: boolean;
  readonly user: number;
  readonly group: number;
  /** A further group, which owns the volumes. */
  readonly volumeGroup?: number;
}

const isRoot = process.getuid?.() === 0;
const quote = (text: string): string => `'${text.replaceAll("'", String.raw`'\''`)}'`;

/** A started container. */
export class ContainerProcess {
  private readonly run: ContainerRun;
  private readonly running: BoundProcess;

  private constructor(run: ContainerRun, running: BoundProcess) {
    this.run = run;
    this.running = running;
  }

  static async start(run: ContainerRun): Promise<ContainerProcess> {
    for (const name of ["dev", "proc", "tmp"]) await fs.mkdir(path.join(run.root, name), { recursive: true });
    await fs.chmod(path.join(run.root, "tmp"), 0o1777);
    for (const mount of run.mounts) await makeMountPoint(run.root, mount);
    const unshare = [
      "unshare",
      ...(isRoot ? [] : ["--map-root-user"]),
      "--mount",
      "--pid",
      "--fork",
      "--kill-child=KILL",
    ];
    const running = startBoundProcess({
      command: ["setpriv", "--pdeathsig", "KILL", ...unshare, "/bin/sh", "-c", initScript(run)],
      env: { PATH: process.env["PATH"] },
      log: run.log,
    });
    return new ContainerProcess(run, running);
  }

  /** Its exit code; undefined while it runs. */
  get exitCode(): number | undefined {
    return this.running.exitCode();
  }

  /** Sends SIGTERM, and SIGKILL when the time is over. */
  async stop(graceMs: number): Promise<void> {
    const init = await this.initPid();
    if (init !== undefined) send(init, "SIGTERM");
    const timer = setTimeout(() => send(this.running.pid, "SIGKILL"), graceMs);
    await this.running.ended;
    clearTimeout(timer);
  }

  /** Runs a command in the container. Returns its exit code; 124 when it took too long. */
  async exec(command: readonly string[], timeoutMs: number): Promise<number> {
    const init = await this.initPid();
    if (init === undefined) return 1;
    const enter = [
      "--target",
      String(init),
      "--mount",
      "--pid",
      ...(isRoot ? [] : ["--user", "--preserve-credentials"]),
    ];
    const args = [...enter, ...insideRoot(this.run, command)];
    return new Promise((resolve) => {
      const child = childProcess.spawn("nsenter", args, {
        stdio: "ignore",
        timeout: timeoutMs,
        killSignal: "SIGKILL",
      });
      child.once("error", () => resolve(127));
      child.once("close", (code) => resolve(code ?? 124));
    });
  }

  /** The first process in the container's namespaces. */
  private async initPid(): Promise<number | undefined> {
    const { pid } = this.running;
    const children = await fs.readFile(`/proc/${pid}/task/${pid}/children`, "utf8").catch(() => "");
    const [first] = children.trim().split(" ");
    return first === undefined || first === "" ? undefined : Number(first);
  }
}

/** The words that run a command with the container's root folder, user and variables. */
function insideRoot(
  { root, env, user, group, volumeGroup }: ContainerRun,
  command: readonly string[],
): readonly string[] {
  const variables = Object.entries(env).map(([name, value]) => `${name}=${value}`);
  const groups = volumeGroup === undefined ? [] : [`--groups=${volumeGroup}`];
  const identity = isRoot ? [`--userspec=${user}:${group}`, ...groups] : [];
  // By its path: the variables may include a PATH that is meant for the container.
  return ["env", "-i", ...variables, findTool("chroot") ?? "chroot", ...identity, root, ...command];
}

async function makeMountPoint(root: string, { source, target }: Mount): Promise<void> {
  const point = path.join(root, target);
  if ((await fs.stat(source)).isDirectory()) await fs.mkdir(point, { recursive: true });
  else {
    await fs.mkdir(path.dirname(point), { recursive: true });
    await fs.writeFile(point, "", { flag: "a" });
  }
}

function send(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // It has just ended.
  }
}

/** Mounts everything, starts the command and passes SIGTERM on, as the init process of a container does. */
function initScript(run: ContainerRun): string {
  const { root } = run;
  const at = (target: string): string => quote(path.join(root, target));
  // First of all, since the first process of a namespace ignores signals that it does not expect.
  const trap = `trap 'stop=1; [ -z "$child" ] || kill -TERM "$child" 2>/dev/null' TERM`;
  const lines = ["child=; stop=", trap, "set -e", `mount --bind ${quote(root)} ${quote(root)}`];
  lines.push(`mount --rbind /dev ${at("dev")}`, `mount -t proc proc ${at("proc")}`);
  for (const { source, target, readOnly } of run.mounts) {
    lines.push(`mount --bind ${quote(source)} ${at(target)}`);
    if (readOnly) lines.push(`mount -o remount,bind,ro ${at(target)}`);
  }
  if (run.isRootReadOnly) lines.push(`mount -o remount,bind,ro ${quote(root)}`);
  const inside = insideRoot(run, run.command).map(quote).join(" ");
  lines.push(
    "set +e",
    '[ -z "$stop" ] || exit 143',
    `${inside} &`,
    "child=$!",
    "trap 'kill -TERM \"$child\" 2>/dev/null' TERM",
    'wait "$child"; code=$?',
    // A signal ends the first wait early.
    'while kill -0 "$child" 2>/dev/null; do wait "$child"; code=$?; done',
    'exit "$code"',
  );
  return lines.join("\n");
}
