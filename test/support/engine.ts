/**
 * Pulumi projects with the real engine: `preview`, `up`, `refresh` and `destroy` of a folder with a Pulumi.yaml and a
 * program, with a file backend, a separate PULUMI_HOME, no login, no prompt and no network.
 *
 * An engine with the Node language host runs literal `pulumi` commands in the folder; one without (built from Go) gets
 * the same program (`main` of Pulumi.yaml, or index.ts) inline, from the Automation API. Every operation runs in a separate
 * process with the operation's environment and the project as working directory, and loads the program again.
 */
import * as childProcess from "node:child_process";
import * as fs from "node:fs";
import * as path from "node:path";
import { parse as parseYaml } from "yaml";
import type { OperationMessage, OperationRequest } from "./engineOperation";
import { collectEvents, type Diagnostic, type Step, type TimedEvent } from "./engineEvents";
import { killOperation, interruptOperation, OPERATION_MARKER_VARIABLE } from "./engineProcesses";

export type { Diagnostic, Step } from "./engineEvents";

const root = path.resolve(__dirname, "../..");

/** The engine that operations run in. */
export interface Engine {
  /** Absolute path of the `pulumi` binary. */
  readonly pulumi: string;
  readonly version: string;
  /** `true`: literal `pulumi` commands. `false`: inline programs of the Automation API. */
  readonly usesCli: boolean;
}

/** The location of a stack and the settings of its operations. */
export interface StackOptions {
  /** Folder with Pulumi.yaml and the program; it must reach `pulumi-unikernel` and `@pulumi/pulumi` by name. */
  readonly project: string;
  readonly stack: string;
  /** Folder of the file backend and of PULUMI_HOME; the project's folder when undefined. */
  readonly backend?: string;
  /** Variables of engine, program and provider processes, which override this process's own; `undefined` removes one. */
  readonly environment?: Readonly<Record<string, string | undefined>>;
  /** Folder of provider plugins (`pulumi-resource-…`) beyond those of the engine. */
  readonly plugins?: string;
  /** Stack configuration by full key (`unikernel:metro`), set before each operation. */
  readonly config?: Readonly<Record<string, string | { readonly secret: string }>>;
  /** Timeout after which an operation is interrupted, and killed if it does not end; 10 minutes if undefined. */
  readonly timeoutMs?: number;
  /** True: after a killed engine, its other processes are left to end by themselves. Otherwise they are killed. */
  readonly leavesOrphans?: boolean;
  /** Receives the engine's text as it arrives. */
  readonly onOutput?: (text: string) => void;
}

/** Options of one operation. Each is a flag of the `pulumi` command. */
export interface OperationOptions {
  readonly expectNoChanges?: boolean;
  readonly refresh?: boolean;
  readonly diff?: boolean;
  readonly target?: readonly string[];
  readonly replace?: readonly string[];
  /** File of a saved plan, which a preview writes and an `up` reads and keeps to. */
  readonly plan?: string;
}

/** The result of an operation, also of a failed one. */
export interface OperationResult {
  readonly operation: OperationName;
  readonly succeeded: boolean;
  /** Exit code of `pulumi`: 0, 1 for failures, 7 for changes despite `expectNoChanges`; null when it was killed. */
  readonly exitCode: number | null;
  /** Everything the engine printed, without colours. */
  readonly output: string;
  /** One entry per resource and operation, in the engine's order. */
  readonly steps: readonly Step[];
  readonly diagnostics: readonly Diagnostic[];
  /** Number of resources per operation: `{ create: 4, same: 1 }`. */
  readonly changes: Readonly<Record<string, number>>;
  /** Outputs of the stack after a successful `up`; secrets in clear text. */
  readonly outputs: Readonly<Record<string, unknown>>;
  /** Wall-clock time of the `pulumi` command. */
  readonly durationMs: number;
}

export type OperationName = "preview" | "up" | "refresh" | "destroy";

/** One resource in a stack's state. */
export interface StateResource {
  readonly urn: string;
  readonly type: string;
  readonly id?: string;
  readonly inputs?: Readonly<Record<string, unknown>>;
  readonly outputs?: Readonly<Record<string, unknown>>;
  readonly [key: string]: unknown;
}

/** A stack's state. */
export interface StackState {
  readonly resources: readonly StateResource[];
  readonly pendingOperations: readonly unknown[];
}

/** A stack of a project; see `openStack`. */
export interface Stack {
  readonly engine: Engine;
  preview(options?: OperationOptions): Promise<OperationResult>;
  up(options?: OperationOptions): Promise<OperationResult>;
  refresh(options?: OperationOptions): Promise<OperationResult>;
  destroy(options?: OperationOptions): Promise<OperationResult>;
  /** The state as the file backend stores it, secrets encrypted; without resources if there is no such stack. */
  state(): Promise<StackState>;
  /** Replaces the state by one that `pulumi stack export` wrote. */
  importState(deployment: object): Promise<void>;
  /** Removes the lock that a killed engine left. */
  cancel(): Promise<void>;
}

/** The steps that change something. */
export function changingSteps(result: OperationResult): readonly Step[] {
  return result.steps.filter((step) => !["same", "refresh", "read"].includes(step.op));
}

/** The result itself when it succeeded; otherwise throws with the engine's text. */
export function assertSucceeded(result: OperationResult): OperationResult {
  if (!result.succeeded) throw new Error(`pulumi ${result.operation} ended with ${result.exitCode}:\n${result.output}`);
  return result;
}

let knownEngine: Engine | undefined;

/** The engine from the set-up, which runs now if needed. */
export function findEngine(): Engine {
  if (knownEngine !== undefined) return knownEngine;
  let line = process.env["UNIKERNEL_TEST_ENGINE"];
  if (line === undefined) {
    const run = path.join(root, "scripts", "run.mjs");
    const output = childProcess.execFileSync(process.execPath, [run, "engine"], { encoding: "utf8" });
    line = output.trimEnd().split("\n").at(-1) ?? "";
  }
  knownEngine = JSON.parse(line) as Engine;
  return knownEngine;
}

/** A stack of a project, created by its first operation. Operations of one stack run one after the other. */
export function openStack(options: StackOptions): Stack {
  const engine = findEngine();
  const run = (
    operation: OperationRequest["operation"],
    operationOptions: OperationOptions = {},
    deployment?: object,
  ): Promise<CommandOutcome> => runOperation(engine, options, operation, operationOptions, deployment);
  const perform = async (operation: OperationName, operationOptions?: OperationOptions): Promise<OperationResult> => {
    const { events, outputs, ...ended } = await run(operation, operationOptions);
    return { operation, ...ended, ...collectEvents(events), outputs: outputs ?? {} };
  };
  return {
    engine,
    preview: (operationOptions) => perform("preview", operationOptions),
    up: (operationOptions) => perform("up", operationOptions),
    refresh: (operationOptions) => perform("refresh", operationOptions),
    destroy: (operationOptions) => perform("destroy", operationOptions),
    state: () => readState(options),
    importState: async (deployment) => {
      const ended = await run("import", {}, deployment);
      if (!ended.succeeded) throw new Error(`pulumi stack import ended with ${ended.exitCode}:\n${ended.output}`);
    },
    cancel: async () => void (await run("cancel")),
  };
}

/** Reads the checkpoint itself, since `stack export` decrypts. */
async function readState(options: StackOptions): Promise<StackState> {
  const settings = parseYaml(await fs.promises.readFile(path.join(options.project, "Pulumi.yaml"), "utf8")) as {
    name: string;
  };
  const folder = path.join(options.backend ?? options.project, ".pulumi", "stacks", settings.name);
  const file = path.join(folder, `${options.stack}.json`);
  if (!fs.existsSync(file)) return { resources: [], pendingOperations: [] };
  const { checkpoint } = JSON.parse(await fs.promises.readFile(file, "utf8")) as {
    checkpoint: { latest?: { resources?: StateResource[]; pending_operations?: unknown[] } };
  };
  return {
    resources: checkpoint.latest?.resources ?? [],
    pendingOperations: checkpoint.latest?.pending_operations ?? [],
  };
}

interface CommandOutcome {
  readonly succeeded: boolean;
  readonly exitCode: number | null;
  readonly output: string;
  readonly durationMs: number;
  readonly outputs?: Readonly<Record<string, unknown>>;
  readonly events: readonly TimedEvent[];
}

async function runOperation(
  engine: Engine,
  options: StackOptions,
  operation: OperationRequest["operation"],
  operationOptions: OperationOptions,
  deployment: object | undefined,
): Promise<CommandOutcome> {
  const project = path.resolve(options.project);
  const backend = path.resolve(options.backend ?? project);
  fs.mkdirSync(backend, { recursive: true });
  const mark = `${process.pid}-${Date.now()}-${Math.random().toString(36).slice(2)}`;
  const environment = operationEnvironment(engine, backend, {
    ...options.environment,
    [OPERATION_MARKER_VARIABLE]: mark,
  });
  if (options.plugins !== undefined) environment["PATH"] += `${path.delimiter}${options.plugins}`;
  const settings = path.join(project, `Pulumi.${options.stack}.yaml`);
  const config = options.config ?? {};
  const request: OperationRequest = {
    operation,
    options: operationOptions,
    pulumi: engine.pulumi,
    usesCli: engine.usesCli,
    project,
    stack: options.stack,
    config: isSet(settings, config) ? {} : config,
    ...(deployment === undefined ? {} : { deployment }),
  };

  const startedAt = Date.now();
  let output = "";
  let result: Extract<OperationMessage, { kind: "result" }> | undefined;
  const events: TimedEvent[] = [];
  const child = childProcess.fork(path.join(__dirname, "engineOperation.cjs"), [], {
    cwd: project,
    env: environment,
    execArgv: [],
    stdio: ["ignore", "pipe", "pipe", "ipc"],
  });
  const take = (text: string): void => {
    output += text;
    options.onOutput?.(text);
  };
  // The program's own output; the engine's text comes as messages.
  child.stdout?.setEncoding("utf8").on("data", take);
  child.stderr?.setEncoding("utf8").on("data", take);
  child.on("message", (message: OperationMessage) => {
    if (message.kind === "output") take(message.text);
    else if (message.kind === "event") events.push(message);
    else result = message;
  });
  const timeout = setTimeout(() => void interruptOperation(mark), options.timeoutMs ?? 600_000);
  const killAtExit = (): void => killOperation(mark);
  process.once("exit", killAtExit);
  try {
    const ended = new Promise<number | null>((resolve, reject) => {
      child.on("error", reject);
      child.on("close", resolve);
    });
    child.send(request);
    const code = await ended;
    if (result === undefined) {
      const durationMs = Date.now() - startedAt;
      return { succeeded: false, exitCode: code, output, durationMs, events };
    }
    const { kind: _, ...fields } = result;
    if (fields.succeeded) knownSettings.set(settings, describeSettings(settings, config));
    return { ...fields, output, events };
  } finally {
    clearTimeout(timeout);
    process.off("exit", killAtExit);
    if (options.leavesOrphans !== true) killOperation(mark);
  }
}

/** What the settings file of a stack held, and from which configuration, after its last successful operation. */
const knownSettings = new Map<string, string>();

/** True if the file holds the configuration: then `pulumi config` need not set it again. */
function isSet(file: string, config: Required<StackOptions>["config"]): boolean {
  return knownSettings.get(file) === describeSettings(file, config);
}

function describeSettings(file: string, config: Required<StackOptions>["config"]): string {
  return JSON.stringify([config, fs.existsSync(file) ? fs.readFileSync(file, "utf8") : ""]);
}

/** This process's environment, without prompts and network, then the caller's variables. */
export function operationEnvironment(
  engine: Engine,
  backend: string,
  overrides: Readonly<Record<string, string | undefined>>,
): NodeJS.ProcessEnv {
  const environment: NodeJS.ProcessEnv = {};
  for (const [name, value] of Object.entries(process.env)) {
    if (!name.startsWith("PULUMI_")) environment[name] = value;
  }
  const launcher = path.join(root, "node_modules", "@pulumi", "pulumi"); // the last resort for the dynamic provider
  const folders = [path.dirname(process.execPath), path.dirname(engine.pulumi), process.env["PATH"] ?? "", launcher];
  Object.assign(environment, {
    PATH: folders.join(path.delimiter),
    PULUMI_HOME: path.join(backend, ".pulumi", "home"),
    PULUMI_BACKEND_URL: `file://${backend}`,
    PULUMI_CONFIG_PASSPHRASE: "unikernel",
    PULUMI_SKIP_UPDATE_CHECK: "true",
    PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION: "true",
    PULUMI_SKIP_CONFIRMATIONS: "true",
    NO_COLOR: "1",
  });
  for (const [name, value] of Object.entries(overrides)) {
    if (value === undefined) delete environment[name];
    else environment[name] = value;
  }
  return environment;
}
