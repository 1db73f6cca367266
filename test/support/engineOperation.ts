/**
 * The process of one operation, started by engine.ts in the project's folder with the operation's environment. It receives
 * one request and sends the engine's text, the engine's events and one result.
 */
import * as fs from "node:fs";
import * as path from "node:path";
import {
  type Deployment,
  type EngineEvent,
  LocalWorkspace,
  PulumiCommand,
  type Stack,
} from "@pulumi/pulumi/automation";
import { parse as parseYaml } from "yaml";
import type { OperationName, OperationOptions } from "./engine";
import { interruptOperation, OPERATION_MARKER_VARIABLE } from "./engineProcesses";

/** The request. */
export interface OperationRequest {
  readonly operation: OperationName | "cancel" | "import";
  readonly options: OperationOptions;
  readonly pulumi: string;
  readonly usesCli: boolean;
  readonly project: string;
  readonly stack: string;
  readonly config: Readonly<Record<string, string | { readonly secret: string }>>;
  /** The state that `import` sets. */
  readonly deployment?: object;
}

/** Messages to the parent: any number of the first two, then one result. */
export type OperationMessage =
  | { readonly kind: "output"; readonly text: string }
  | { readonly kind: "event"; readonly event: EngineEvent; readonly atMs: number }
  | {
      readonly kind: "result";
      readonly succeeded: boolean;
      readonly exitCode: number | null;
      readonly durationMs: number;
      readonly outputs?: Readonly<Record<string, unknown>>;
    };

function send(message: OperationMessage): Promise<void> {
  return new Promise((resolve) => {
    process.send?.(message, undefined, undefined, () => resolve());
  });
}

/** The inline program: the project's `main`, whose exports are the stack's outputs. */
async function program(): Promise<Record<string, unknown>> {
  const folder = process.cwd();
  const { main } = parseYaml(fs.readFileSync(path.join(folder, "Pulumi.yaml"), "utf8")) as { readonly main?: string };
  return { ...(require(path.join(folder, main ?? "index.ts")) as Record<string, unknown>) };
}

async function openStack(request: OperationRequest): Promise<Stack> {
  const pulumiCommand = await PulumiCommand.get({ skipVersionCheck: true });
  const workspace = { workDir: request.project, pulumiCommand };
  const stack = request.usesCli
    ? await LocalWorkspace.createOrSelectStack({ stackName: request.stack, workDir: request.project }, workspace)
    : await LocalWorkspace.createOrSelectStack({ stackName: request.stack, projectName: "", program }, workspace);
  const entries = Object.entries(request.config).map(
    ([key, value]) => [key, typeof value === "string" ? { value } : { value: value.secret, secret: true }] as const,
  );
  if (entries.length > 0) await stack.setAllConfig(Object.fromEntries(entries));
  // Every operation ends with one more process of `pulumi`, which reads a summary from the history that no test looks at.
  stack.info = () => Promise.resolve(undefined);
  return stack;
}

async function perform(request: OperationRequest): Promise<Extract<OperationMessage, { kind: "result" }>> {
  const stack = await openStack(request);
  const startedAt = performance.now();
  let finishedAt = 0;
  const onEvent = (event: EngineEvent): void => {
    if (event.summaryEvent !== undefined) finishedAt = performance.now();
    void send({ kind: "event", event, atMs: Date.now() });
  };
  const onText = (text: string): void => void send({ kind: "output", text });
  const { target, replace, ...flags } = request.options;
  const options = {
    ...flags,
    ...(target === undefined ? {} : { target: [...target] }),
    ...(replace === undefined ? {} : { replace: [...replace] }),
    color: "never" as const,
    onOutput: onText,
    onError: onText,
    onEvent,
  };
  let outputs: Record<string, unknown> | undefined;
  switch (request.operation) {
    case "preview":
      await stack.preview(options);
      break;
    case "up": {
      const result = await stack.up(options);
      outputs = Object.fromEntries(Object.entries(result.outputs).map(([name, { value }]) => [name, value as unknown]));
      break;
    }
    case "refresh":
      await stack.refresh(options);
      break;
    case "destroy":
      await stack.destroy(options);
      break;
    case "import":
      await stack.importStack(request.deployment as Deployment);
      break;
    case "cancel":
      await stack.cancel();
      break;
  }
  const durationMs = (finishedAt === 0 ? performance.now() : finishedAt) - startedAt;
  return {
    kind: "result",
    succeeded: true,
    exitCode: 0,
    durationMs,
    ...(outputs === undefined ? {} : { outputs }),
  };
}

// Ctrl-C reaches the engine too, which stops in order; then this process's work ends.
process.on("SIGINT", () => undefined);

// The parent is gone, so nothing else will end the engine.
process.once("disconnect", () => void interruptOperation(process.env[OPERATION_MARKER_VARIABLE] ?? ""));

process.once("message", (request: OperationRequest) => {
  const startedAt = performance.now();
  void perform(request)
    .catch(async (error: unknown) => {
      const exitCode = exitCodeOf(error);
      // The engine has printed its own failures; other errors appear only here.
      if (exitCode === undefined) {
        await send({ kind: "output", text: error instanceof Error ? (error.stack ?? error.message) : String(error) });
      }
      const durationMs = performance.now() - startedAt;
      return { kind: "result", succeeded: false, exitCode: exitCode ?? 1, durationMs } as const;
    })
    .then((result) => send(result))
    .finally(() => process.exit(0));
});

/** The Automation API hides the exit code of `pulumi` inside the error of its process library. */
function exitCodeOf(error: unknown): number | undefined {
  const inner = (error as { commandResult?: { err?: { exitCode?: unknown } } }).commandResult?.err?.exitCode;
  return typeof inner === "number" ? inner : undefined;
}
