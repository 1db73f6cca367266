/**
 * `npm run demo`: deploys examples/quickstart to QEMU on this machine and fetches its page through the service;
 * `npm run demo -- destroy` takes it down. Times are taken from outside:
 *
 * - of each resource: from the engine's event that announces it to the one that ends it. A service ends when the
 *   platform says that its VMs run;
 * - create to first byte: from the event that announces the service to the first byte of an HTTP answer, asked for
 *   every 20 ms while `up` runs.
 */
import * as fs from "node:fs";
import * as http from "node:http";
import * as path from "node:path";
import { changingSteps, findEngine, openStack, type OperationResult, type Step } from "../test/support/engine";

const root = path.resolve(__dirname, "..");
const project = path.join(root, "examples", "quickstart");
/** The port that index.ts publishes. */
const PORT = 8080;
const POLL_MS = 20;
const FETCH_MS = 60_000;
const STATUS_AFTER_MS = 2000;
const STATUS_EVERY_MS = 10_000;

/** Something a user can act on. */
class DemoFailure extends Error {
  readonly hint: string;
  constructor(message: string, hint: string) {
    super(message);
    this.hint = hint;
  }
}

const say = (text: string): void => void process.stdout.write(`${text}\n`);
const duration = (step: Step): string => seconds(step.endedAtMs - step.startedAtMs);
const isResource = (step: Step): boolean => step.type !== "pulumi:pulumi:Stack";
const seconds = (ms: number): string => `${(ms / 1000).toFixed(ms < 10_000 ? 2 : 0)} s`;

const stack = openStack({
  project,
  stack: "dev",
  environment: { UKC_METRO: undefined }, // the example's Pulumi.yaml says local
});

/** Runs an operation and says every few seconds that it goes on. */
async function watched(title: string, work: () => Promise<OperationResult>): Promise<OperationResult> {
  const startedAt = Date.now();
  let lastAt = startedAt + STATUS_AFTER_MS - STATUS_EVERY_MS;
  const timer = setInterval(() => {
    if (Date.now() - lastAt < STATUS_EVERY_MS) return;
    lastAt = Date.now();
    say(`- ${title}: ${Math.round((Date.now() - startedAt) / 1000)} s`);
  }, 250);
  const stopping = (): void => say("- stopping: the engine finishes what it has begun");
  process.on("SIGINT", stopping); // Ctrl-C has reached the engine too; ending here would leave the stack locked
  try {
    const result = await work();
    if (!result.succeeded) {
      const errors = [
        ...new Set(result.diagnostics.filter(({ severity }) => severity === "error").map(({ message }) => message)),
      ];
      throw new DemoFailure(
        `${title} failed (pulumi ${result.operation}, exit code ${result.exitCode}).\n${errors.length > 0 ? errors.join("\n") : result.output.trim()}`,
        `See the message above; then "npm run demo" goes on from here, or "npm run demo -- destroy" removes what was made.` +
          ` If it speaks of a locked stack, an earlier run was killed: remove ${path.join(project, ".pulumi", "locks")}.`,
      );
    }
    return result;
  } finally {
    clearInterval(timer);
    process.off("SIGINT", stopping);
  }
}

/** The page, and how long its first byte took; undefined when nothing answers yet. */
function fetchPage(url: string): Promise<{ body: string; firstByteAt: number } | undefined> {
  return new Promise((resolve) => {
    const request = http.get(url, { agent: false, timeout: 5000 }, (response) => {
      const firstByteAt = Date.now();
      let body = "";
      response.setEncoding("utf8").on("data", (text: string) => (body += text));
      response.on("end", () => resolve(response.statusCode === 200 ? { body, firstByteAt } : undefined));
    });
    request.on("timeout", () => request.destroy());
    request.on("error", () => resolve(undefined));
  });
}

/** Asks again and again until there is a page or the signal says that nobody waits any more. */
async function firstPage(url: string, signal: AbortSignal): Promise<{ body: string; firstByteAt: number } | undefined> {
  while (!signal.aborted) {
    const page = await fetchPage(url);
    if (page !== undefined) return page;
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
  return undefined;
}

async function deploy(): Promise<void> {
  const engine = findEngine();
  say(`\nDeploying examples/quickstart to QEMU on this machine`);
  say(
    engine.usesCli
      ? `- by "pulumi up" (${engine.pulumi})`
      : "- by the same index.ts as an inline program of the real engine (it was built without the Node language host)",
  );
  say("- the guest is linux:latest: no unikernel but a stand-in, made here from Debian's cloud kernel and busybox");
  const giveUp = new AbortController();
  const early = firstPage(`http://127.0.0.1:${PORT}/`, giveUp.signal);
  const result = await watched("pulumi up", () => stack.up()).finally(() => giveUp.abort());
  const { url } = result.outputs;
  if (typeof url !== "string" || url === "") throw new DemoFailure("The program exported no url.", "Restore index.ts.");
  const page = await firstPage(url, AbortSignal.timeout(FETCH_MS));
  if (page === undefined) {
    throw new DemoFailure(
      `${url} did not answer within ${FETCH_MS / 1000} s although the deployment succeeded.`,
      "See the console logs in the instances folder of the local platform's state (~/.local/state/unikernel/instances).",
    );
  }
  const firstByteAt = (await early)?.firstByteAt ?? page.firstByteAt;
  const changed = changingSteps(result).filter(isResource);
  say("");
  if (changed.length === 0)
    say(
      `Nothing changed: ${result.steps.filter(isResource).length} resources are as index.ts says, nothing was built.`,
    );
  for (const step of changed) say(`  ${step.op.padEnd(10)} ${step.kind} ${step.name} ${duration(step)}`);
  say(`\nThe page at ${url}:\n${page.body.trim().replace(/^/gm, "    ")}\n`);
  const build = changed.find(({ kind }) => kind === "GatewayImage");
  const create = changed.find(({ kind, op }) => kind === "Service" && op === "create");
  if (build !== undefined) say(`image build          ${duration(build)}`);
  if (create !== undefined) {
    say(`service create       ${duration(create)}  (two VMs, until the platform says that they run)`);
    if (firstByteAt > create.startedAtMs) {
      say(
        `create to first byte ${seconds(firstByteAt - create.startedAtMs)}  (from the same start, asked from outside)`,
      );
    }
  }
  say(`whole pulumi up      ${seconds(result.durationMs)}`);
  say(`
How to go on
  edit examples/quickstart/site/rootfs/www/index.html, then: npm run demo
  state of the stack: ${path.relative(root, path.join(project, ".pulumi"))} (passphrase "unikernel"); of the VMs: ${process.env["UNIKERNEL_STATE_DIR"] ?? "~/.local/state/unikernel"}
  take it all down: npm run demo -- destroy`);
}

async function destroy(): Promise<void> {
  if (!fs.existsSync(path.join(project, ".pulumi", "stacks"))) return say("There is nothing to destroy.");
  const result = await watched("pulumi destroy", () => stack.destroy());
  say(`Destroyed ${result.changes["delete"] ?? 0} resources in ${seconds(result.durationMs)}.`);
}

async function main(args: readonly string[]): Promise<void> {
  const [command = "deploy", ...rest] = args;
  if (rest.length > 0 || (command !== "deploy" && command !== "destroy")) {
    throw new DemoFailure(`There is no demo "${args.join(" ")}".`, `Use "npm run demo" or "npm run demo -- destroy".`);
  }
  await (command === "destroy" ? destroy() : deploy());
}

main(process.argv.slice(2)).catch((error: unknown) => {
  const text = error instanceof Error ? error.message : String(error);
  const hint = error instanceof DemoFailure ? error.hint : "This is a fault of the demo itself; please report it.";
  process.stderr.write(`\n${text}\nWhat to do: ${hint}\n`);
  process.exitCode = 1;
});
