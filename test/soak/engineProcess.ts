/**
 * The process of an {@link EngineSession}: runs operations of one stack one after the other, each with a real engine as its child and
 * the project's index.ts as inline program. It answers the Automation API's questions about the stack itself, since each would cost
 * another start of the engine.
 */
import * as childProcess from "node:child_process";
import * as path from "node:path";
import { LocalWorkspace, PulumiCommand, type Stack } from "@pulumi/pulumi/automation";

/** What to run; one at a time. */
export interface SessionRequest {
  readonly operation: "up" | "refresh" | "destroy" | "cancel";
  readonly expectNoChanges: boolean;
  /** URNs that `up` replaces whatever has changed. */
  readonly replace: readonly string[];
}

/** Any number of the first two, then one `ended`. */
export type SessionMessage =
  | { readonly kind: "engine"; readonly pid: number }
  | { readonly kind: "output"; readonly text: string }
  | { readonly kind: "ended"; readonly succeeded: boolean };

/** First words of the commands that are an operation. */
const OPERATIONS = ["up", "refresh", "destroy", "cancel"];
/** Answers to what the Automation API asks before and after an operation. */
const ANSWERS: Readonly<Record<string, string>> = { "stack output": "{}", "stack history": "[]" };

function send(message: SessionMessage): Promise<void> {
  return new Promise((resolve) => process.send?.(message, undefined, undefined, () => resolve()));
}

/** Like `PulumiCommand.run`: throws if the engine fails. */
async function run(
  args: readonly string[],
  cwd: string,
  environment: Readonly<Record<string, string>>,
): Promise<{ stdout: string; stderr: string; code: number }> {
  const [first = "", second = ""] = args;
  if (!OPERATIONS.includes(first)) return { stdout: ANSWERS[`${first} ${second}`] ?? "", stderr: "", code: 0 };
  const engine = childProcess.spawn(process.env["SOAK_PULUMI"] ?? "pulumi", [...args, "--non-interactive"], {
    cwd,
    env: { ...process.env, ...environment, PULUMI_AUTOMATION_API: "true" },
    stdio: ["ignore", "pipe", "pipe"],
  });
  if (engine.pid !== undefined) void send({ kind: "engine", pid: engine.pid });
  let stdout = "";
  engine.stdout.setEncoding("utf8").on("data", (text: string) => {
    stdout += text;
    void send({ kind: "output", text });
  });
  engine.stderr.setEncoding("utf8").on("data", (text: string) => void send({ kind: "output", text }));
  // "close" would wait for a provider that has outlived its engine and holds the pipes.
  const code = await new Promise<number | null>((resolve, reject) => engine.on("error", reject).on("exit", resolve));
  await new Promise((resolve) => setImmediate(resolve));
  if (code !== 0) throw new Error(`pulumi ${first} ended with ${code}`);
  return { stdout, stderr: "", code };
}

/** The program; loaded again for each operation. */
async function program(): Promise<void> {
  const file = path.join(process.cwd(), "index.ts");
  delete require.cache[file];
  require(file);
}

/** The engine's command, with a `run` that tells the process id. */
const command = PulumiCommand.get({ skipVersionCheck: true }).then((found) => Object.assign(found, { run }));

async function open(): Promise<Stack> {
  return LocalWorkspace.selectStack(
    { stackName: "soak", projectName: "", program },
    { workDir: process.cwd(), pulumiCommand: await command },
  );
}

async function perform({ operation, expectNoChanges, replace }: SessionRequest): Promise<void> {
  const stack = await open();
  const options = { expectNoChanges, color: "never" as const };
  if (operation === "up") await stack.up({ ...options, ...(replace.length === 0 ? {} : { replace: [...replace] }) });
  else if (operation === "refresh") await stack.refresh(options);
  else if (operation === "destroy") await stack.destroy({ color: "never" });
  else await stack.cancel();
}

process.once("disconnect", () => process.exit(0));
process.on("message", (request: SessionRequest) => {
  void perform(request)
    .then(
      () => true,
      async (error: unknown) => {
        await send({ kind: "output", text: `\n${error instanceof Error ? error.message : String(error)}\n` });
        return false;
      },
    )
    .then((succeeded) => send({ kind: "ended", succeeded }));
});
