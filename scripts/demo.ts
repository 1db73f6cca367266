/**
 * `npm run demo`: deploys examples/quickstart to QEMU on this machine and fetches its page through the service;
 * `npm run demo -- destroy` removes it. Times are measured from outside:
 *
 * - per resource: from the engine's event that starts its step to the one that ends it. A service ends when the platform
 *   reports that its VMs run;
 * - create to first byte: from the event that starts the service to the first byte of an HTTP response, requested every
 *   20 ms while `up` runs.
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

/** A failure that a user can act on. */
class DemoFailure extends Error {
  readonly hint: string;
  constructor(message: string, hint: string) {
    super(message);
    this.hint = hint;
  }
}

const print = (text: string): void => void process.stdout.write(`${text}\n`);
const duration = (step: Step): string => seconds(step.endedAtMs - step.startedAtMs);
const isResource = (step: Step): boolean => step.type !== "pulumi:pulumi:Stack";
const seconds = (ms: number): string => `${(ms / 1000).toFixed(ms < 10_000 ? 2 : 0)} s`;

const stack = openStack({
  project,
  stack: "dev",
  environment: { UKC_METRO: undefined }, // the example's Pulumi.yaml sets local
});

/** Runs an operation and prints every few seconds that it is still running. */
async function watched(title: string, work: () => Promise<OperationResult>): Promise<OperationResult> {
  const startedAt = Date.now();
  let lastAt = startedAt + STATUS_AFTER_MS - STATUS_EVERY_MS;
  const timer = setInterval(() => {
    if (Date.now() - lastAt < STATUS_EVERY_MS) return;
    lastAt = Date.now();
    print(`- ${title}: ${Math.round((Date.now() - startedAt) / 1000)} s`);
  }, 250);
  const stopping = (): void => print("- stopping: the engine finishes the operations in progress");
  process.on("SIGINT", stopping); // Ctrl-C reaches the engine too; exiting here would leave the stack locked
  try {
    const result = await work();
    if (!result.succeeded) {
      const errors = [
        ...new Set(result.diagnostics.filter(({ severity }) => severity === "error").map(({ message }) => message)),
      ];
      throw new DemoFailure(
        `${title} failed (pulumi ${result.operation}, exit code ${result.exitCode}).\n${errors.length > 0 ? errors.join("\n") : result.output.trim()}`,
        `See the message above; then "npm run demo" resumes, or "npm run demo -- destroy" removes what was created.` +
          ` If the stack is locked, an earlier run was killed: remove ${path.join(project, ".pulumi", "locks")}.`,
      );
    }
    const warnings = result.diagnostics.filter(({ severity }) => severity === "warning").map(({ message }) => message);
    for (const warning of new Set(warnings)) print(`- warning: ${warning.trim()}`);
    return result;
  } finally {
    clearInterval(timer);
    process.off("SIGINT", stopping);
  }
}

/** The page and the time of its first byte; undefined while the service does not respond with HTTP 200. */
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

/** Polls until the page is available or the signal aborts. */
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
  print(`\nDeploying examples/quickstart to QEMU on this machine`);
  print(
    engine.usesCli
      ? `- with "pulumi up" (${engine.pulumi})`
      : "- with the same index.ts as an inline program of the real engine (it was built without the Node language host)",
  );
  print(
    "- the guest is linux:latest: not a unikernel but a stand-in, built here from Debian's cloud kernel and busybox",
  );
  const polling = new AbortController();
  const early = firstPage(`http://127.0.0.1:${PORT}/`, polling.signal);
  const result = await watched("pulumi up", () => stack.up()).finally(() => polling.abort());
  const { url } = result.outputs;
  if (typeof url !== "string" || url === "") throw new DemoFailure("The program exported no url.", "Restore index.ts.");
  const page = await firstPage(url, AbortSignal.timeout(FETCH_MS));
  if (page === undefined) {
    throw new DemoFailure(
      `${url} did not respond within ${FETCH_MS / 1000} s although the deployment succeeded.`,
      "See the console logs in the instances folder of the local platform's state (~/.local/state/unikernel/instances).",
    );
  }
  const firstByteAt = (await early)?.firstByteAt ?? page.firstByteAt;
  const changed = changingSteps(result).filter(isResource);
  print("");
  if (changed.length === 0)
    print(`Nothing changed: ${result.steps.filter(isResource).length} resources match index.ts; nothing was built.`);
  for (const step of changed) print(`  ${step.op.padEnd(10)} ${step.kind} ${step.name} ${duration(step)}`);
  print(`\nThe page at ${url}:\n${page.body.trim().replace(/^/gm, "    ")}\n`);
  const build = changed.find(({ kind }) => kind === "GatewayImage");
  const create = changed.find(({ kind, op }) => kind === "Service" && op === "create");
  if (build !== undefined) print(`image build          ${duration(build)}`);
  if (create !== undefined) {
    print(`service create       ${duration(create)}  (two VMs, until the platform reports them running)`);
    if (firstByteAt > create.startedAtMs) {
      print(
        `create to first byte ${seconds(firstByteAt - create.startedAtMs)}  (from the same start, measured from outside)`,
      );
    }
  }
  print(`whole pulumi up      ${seconds(result.durationMs)}`);
  print(`
Next steps
  edit examples/quickstart/site/rootfs/www/index.html, then: npm run demo
  state of the stack: ${path.relative(root, path.join(project, ".pulumi"))} (passphrase "unikernel"); of the VMs: ${process.env["UNIKERNEL_STATE_DIR"] ?? "~/.local/state/unikernel"}
  remove everything: npm run demo -- destroy`);
}

async function destroy(): Promise<void> {
  if (!fs.existsSync(path.join(project, ".pulumi", "stacks"))) return print("There is nothing to destroy.");
  const result = await watched("pulumi destroy", () => stack.destroy());
  print(`Destroyed ${result.changes["delete"] ?? 0} resources in ${seconds(result.durationMs)}.`);
}

async function main(args: readonly string[]): Promise<void> {
  const [command = "deploy", ...rest] = args;
  if (rest.length > 0 || (command !== "deploy" && command !== "destroy")) {
    throw new DemoFailure(
      `Unknown demo command "${args.join(" ")}".`,
      `Use "npm run demo" or "npm run demo -- destroy".`,
    );
  }
  await (command === "destroy" ? destroy() : deploy());
}

main(process.argv.slice(2)).catch((error: unknown) => {
  const text = error instanceof Error ? error.message : String(error);
  const hint = error instanceof DemoFailure ? error.hint : "This is a bug in the demo; please report it.";
  process.stderr.write(`\n${text}\nWhat to do: ${hint}\n`);
  process.exitCode = 1;
});
