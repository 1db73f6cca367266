/** This package as a user gets it: packed with npm, and installed from that tarball by npm or pnpm. */
import * as childProcess from "node:child_process";
import * as fs from "node:fs/promises";
import * as os from "node:os";
import * as path from "node:path";

const root = path.resolve(__dirname, "../..");

/** The package manager's settings must not depend on the `npm test` that this runs in. */
const environment = Object.fromEntries(
  Object.entries(process.env).filter(
    ([name]) => !/^(npm_(package|lifecycle)_|npm_config_local_prefix|INIT_CWD)/.test(name),
  ),
);

/** The result of a command. */
export interface CommandResult {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a command in a folder until it exits. */
export function runCommand(folder: string, command: string, args: readonly string[]): Promise<CommandResult> {
  return new Promise((resolve, reject) => {
    const child = childProcess.spawn(command, args, {
      cwd: folder,
      env: environment,
      stdio: ["ignore", "pipe", "pipe"],
    });
    let stdout = "";
    let stderr = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => (stdout += text));
    child.stderr.setEncoding("utf8").on("data", (text: string) => (stderr += text));
    child.once("error", reject);
    child.once("close", (code) => resolve({ code, stdout, stderr }));
  });
}

/** The same for a command that must succeed; returns what it printed. */
export async function runOrThrow(folder: string, command: string, args: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await runCommand(folder, command, args);
  if (code !== 0) throw new Error(`${command} ${args.join(" ")} ended with ${code}:\n${stdout}${stderr}`);
  return stdout;
}

/** Packs a folder into another, as publishing would, and returns the tarball's path. */
export async function packFolder(folder: string, into: string): Promise<string> {
  await runOrThrow(folder, "npm", ["pack", "--silent", "--pack-destination", into]);
  const { name, version } = JSON.parse(await fs.readFile(path.join(folder, "package.json"), "utf8")) as {
    name: string;
    version: string;
  };
  return path.join(into, `${name}-${version}.tgz`);
}

/** Packs this package from a copy without compiled files: the checkout's dist may be outdated. */
export async function packRepository(into: string): Promise<string> {
  const copy = path.join(into, "checkout");
  const left = new Set(["node_modules", "dist", "test", ".git", ".cache"].map((name) => path.join(root, name)));
  await fs.cp(root, copy, { recursive: true, filter: (source) => !left.has(source) });
  await fs.symlink(path.join(root, "node_modules"), path.join(copy, "node_modules"));
  return packFolder(copy, into);
}

const QUIET = ["--prefer-offline", "--ignore-scripts"];

/** Package managers, as commands that add packages to the project they run in. */
export const packageManagers = {
  npm: ["npm", "install", "--no-audit", "--no-fund", ...QUIET],
  pnpm: ["npx", "--yes", "--prefer-offline", "pnpm@10", "add", ...QUIET],
} as const;

/** A new project with packages installed. */
export async function installPackages(
  manager: keyof typeof packageManagers,
  packages: readonly string[],
): Promise<string> {
  const folder = await fs.mkdtemp(path.join(os.tmpdir(), `unikernel-${manager}-`));
  await fs.writeFile(path.join(folder, "package.json"), JSON.stringify({ name: "program", private: true }));
  await addPackages(folder, manager, packages);
  return folder;
}

/** Installs more packages in a project. */
export async function addPackages(
  folder: string,
  manager: keyof typeof packageManagers,
  packages: readonly string[],
): Promise<void> {
  const [command, ...args] = packageManagers[manager];
  await runOrThrow(folder, command, [...args, ...packages]);
}
