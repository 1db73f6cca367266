/**
 * The argv of an image. A guest starts its program in `/` and by its path, while a container starts it in WORKDIR and looks for it
 * in PATH. So the program of ENTRYPOINT and CMD is resolved here as a container would; arguments stay as they are. Pure.
 */
import { type ImageConfig, toAbsolute } from "./imageConfig";

/** What is at an absolute path of the root file system, links followed; `undefined`: nothing. */
export type Lookup = (path: string) => { readonly isExecutable: boolean } | undefined;

/** Where the argv comes from. */
export interface CommandSources {
  /** `cmd` of the Kraftfile, used as it is; `undefined` if it has none. */
  readonly kraftfileCmd: readonly string[] | undefined;
  readonly image: ImageConfig;
  /** The runtime's own Cmd; `undefined` if it has none. */
  readonly runtimeCmd: readonly string[] | undefined;
  readonly lookup: Lookup;
}

/** The PATH of a container that sets none. Source: moby/buildkit, `util/system/path.go`. */
const DEFAULT_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/**
 * The first of: the Kraftfile's `cmd`, ENTRYPOINT followed by CMD, the runtime's Cmd; empty if there is none. With warnings, as
 * sentences, about a command that works in a container but not in a guest.
 */
export function resolveCommand({ kraftfileCmd, image, runtimeCmd, lookup }: CommandSources): {
  readonly cmd: readonly string[];
  readonly warnings: readonly string[];
} {
  if (kraftfileCmd !== undefined && kraftfileCmd.length > 0) return { cmd: kraftfileCmd, warnings: [] };
  const [program, ...args] = [...image.entrypoint, ...image.cmd];
  if (program === undefined) return { cmd: runtimeCmd ?? [], warnings: [] };
  const found = findProgram(program, image, lookup);
  const warnings = args.flatMap((arg) => warnAboutRelative(arg, image.workingDir, lookup));
  if (found !== undefined) return { cmd: [found, ...args], warnings };
  const isShellForm = program === "/bin/sh" && args[0] === "-c";
  const missing = isShellForm
    ? 'The Dockerfile\'s command is in shell form, but the image has no /bin/sh. Write it as a list: CMD ["/app", "--flag"].'
    : `The Dockerfile's command '${program}' is not an executable file of the image.`;
  return { cmd: [program, ...args], warnings: [missing, ...warnings] };
}

/** Absolute path of the program; `undefined` if it does not exist or is not executable. */
function findProgram(program: string, { env, workingDir }: ImageConfig, lookup: Lookup): string | undefined {
  const folders = program.includes("/") ? [workingDir] : (env["PATH"] ?? DEFAULT_PATH).split(":");
  return folders
    .map((folder) => toAbsolute(program, toAbsolute(folder, workingDir)))
    .find((candidate) => lookup(candidate)?.isExecutable === true);
}

/** A relative path that exists below WORKDIR and not below `/` is one that the program will not find. */
function warnAboutRelative(arg: string, workingDir: string, lookup: Lookup): readonly string[] {
  if (workingDir === "/" || arg === "" || /^[/-]/.test(arg)) return [];
  const inWorkingDir = toAbsolute(arg, workingDir);
  if (lookup(inWorkingDir) === undefined || lookup(toAbsolute(arg)) !== undefined) return [];
  return [
    `The argument '${arg}' is relative to WORKDIR ${workingDir}, but a guest starts in /. Write ${inWorkingDir}, or set 'cmd' in the Kraftfile.`,
  ];
}
