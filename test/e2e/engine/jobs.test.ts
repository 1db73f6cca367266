/** What counts as up for an Instance, with real guests on QEMU: jobs, failures, and what a guest prints. */
import assert from "node:assert/strict";
import { resolveMetro } from "../../../provider/base/config/metroConfig";
import { UnikernelError } from "../../../provider/base/errors";
import { check } from "../../../provider/definition/check";
import { ResourceInitFailedError } from "../../../provider/definition/initFailed";
import { resourceOf } from "../../../provider/resources/all";
import { type ProviderContext, createContext } from "../../../provider/resources/context";
import { Semaphore } from "../../../provider/base/semaphore";
import { type OperationResult, type Stack, assertSucceeded, changingSteps } from "../../support/engine";
import { freePort } from "../../support/freePorts";
import { LocalPlatform, eventually, findProcessesOf } from "../../support/localPlatform";
import { TestProject } from "../../support/project";

const FIXTURE = "test/fixtures/projects/badInput";

/** Arguments of the guest's program by what it does. */
const PROGRAMS = {
  "exit 0": ["/bin/sh", "-c", "exit 0"],
  "exit 3": ["/bin/sh", "-c", "exit 3"],
  killed: ["/bin/sh", "-c", "sleep 600"],
  "sleep 1; exit 1": ["/bin/sh", "-c", "sleep 1; exit 1"],
  "missing executable": ["/bin/nothing"],
  "long-running": ["/bin/busybox", "httpd", "-f", "-p", "8080", "-h", "/www"],
} as const;
type Program = keyof typeof PROGRAMS;
const WAITS = ["running", "answering", "completed"] as const;

const EXITED_0 = "GUEST_STOPPED: the program exited with code 0";
const EXITED_1 = "GUEST_STOPPED: the program exited with code 1";
const EXITED_3 = "GUEST_STOPPED: the program exited with code 3";
const KILLED = "GUEST_STOPPED: no reason was given";
const NOT_FOUND = "GUEST_STOPPED: the program exited with code 127";
const EXPECTED: Readonly<Record<Program, readonly [running: string, answering: string, completed: string]>> = {
  "exit 0": ["stopped with code 0", EXITED_0, "stopped with code 0"],
  "exit 3": [EXITED_3, EXITED_3, EXITED_3],
  killed: [KILLED, KILLED, KILLED],
  "sleep 1; exit 1": [EXITED_1, EXITED_1, EXITED_1],
  "missing executable": [NOT_FOUND, NOT_FOUND, NOT_FOUND],
  "long-running": ["running", "running", "WAIT_TIMEOUT"],
};

describe("an instance that ends early, or as it should", function () {
  this.timeout(300_000);
  let platform: LocalPlatform;
  let context: ProviderContext;
  let image: string;
  const instance = resourceOf("Instance");

  before(async () => {
    platform = await LocalPlatform.open();
    context = createContext(resolveMetro({ argument: { metro: "local" } }));
    const gatewayImage = resourceOf("GatewayImage");
    const { inputs, failures } = await check(gatewayImage, {}, { name: "guest", context: `${FIXTURE}/image` });
    assert.deepEqual(failures, []);
    image = String((await gatewayImage.create(context, inputs)).outputs["ref"]);
  });
  after(() => platform.close());

  /** Kills the VM of an instance as soon as its program runs. */
  async function kill(name: string): Promise<void> {
    let pid: number | undefined;
    await eventually(`${name} runs`, async () => {
      const item = (await platform.client.getInstances({ query: { name: [name] } })).items[0];
      if (item?.state !== "running") return false;
      pid = (await findProcessesOf(item.uuid)).find(({ command }) => command.includes("qemu-system"))?.pid;
      return pid !== undefined;
    });
    if (pid !== undefined) process.kill(pid, "SIGKILL");
  }

  async function outcomeOf(program: Program, waitFor: (typeof WAITS)[number]): Promise<string> {
    const name = `${program.replace(/[^a-z0-9]+/g, "-")}-${waitFor}`;
    const serviceGroup = { ports: [{ port: await freePort(), destinationPort: 8080 }] };
    const given = { name, image, memoryMb: 96, args: [...PROGRAMS[program]], waitFor };
    const { inputs, failures } = await check(
      instance,
      {},
      waitFor === "answering" ? { ...given, serviceGroup } : given,
    );
    assert.deepEqual(failures, []);
    const isEndless = program === "long-running" && waitFor === "completed";
    const timeouts = isEndless ? { ...context.timeouts, createMs: 10_000 } : context.timeouts;
    const creating = instance.create({ ...context, timeouts }, inputs);
    const killing = program === "killed" ? kill(name) : undefined;
    try {
      const { id, outputs } = await creating;
      await instance.delete(context, id, { inputs, outputs });
      const code = outputs["exitCode"];
      return code === undefined ? String(outputs["state"]) : `${String(outputs["state"])} with code ${String(code)}`;
    } catch (error) {
      assert.ok(error instanceof ResourceInitFailedError && UnikernelError.is(error.cause), String(error));
      const { code, message, hint = "" } = error.cause;
      await instance.delete(context, error.id, { inputs, outputs: error.outputs });
      if (code !== "GUEST_STOPPED") return code;
      assert.ok(hint.includes(`'npx unikernel logs ${name} --metro local'`), hint);
      return `${code}: ${message.replace(/^.* stopped: /, "").replace(/\.$/, "")}`;
    } finally {
      await killing;
    }
  }

  it("is judged as its waitFor says", async () => {
    const semaphore = new Semaphore(3);
    const cases = (Object.keys(PROGRAMS) as Program[]).flatMap((program) =>
      WAITS.map((waitFor) => ({ program, waitFor })),
    );
    const outcomes = await Promise.all(
      cases.map(async ({ program, waitFor }) => {
        const release = await semaphore.acquire();
        return [program, waitFor, await outcomeOf(program, waitFor).finally(release)];
      }),
    );
    assert.deepEqual(
      outcomes,
      cases.map(({ program, waitFor }) => [program, waitFor, EXPECTED[program][WAITS.indexOf(waitFor)]]),
    );
  });
});

describe("a job of a real program", function () {
  this.timeout(300_000);
  let platform: LocalPlatform;
  let project: TestProject;
  let stack: Stack;
  before(async () => {
    platform = await LocalPlatform.open();
    project = await TestProject.copy(FIXTURE);
    stack = project.stack({});
  });
  after(async () => {
    await project.remove();
    await platform.close();
  });

  const SECRET = "hunter2-of-a-file";
  /** A job that prints a file that its program was given. */
  const write = (exitCode: number, run: number): Promise<void> =>
    project.write(
      "index.ts",
      [
        'import * as unikernel from "pulumi-unikernel";',
        `const files = { "/secret": "the key is ${SECRET}" };`,
        'const image = new unikernel.GatewayImage("image", { context: "./image", files });',
        `const args = ["/bin/sh", "-c", "cat /secret; exit ${exitCode}"];`,
        `const env = { RUN: "${run}" };`,
        'const job = new unikernel.Instance("job", { image: image.ref, memoryMb: 96, args, env, waitFor: "completed" });',
        "export const id = job.id;",
        "export const exitCode = job.exitCode;",
        "export const startCount = job.startCount;",
      ].join("\n"),
    );
  const jobSteps = (result: OperationResult): readonly string[] =>
    changingSteps(result)
      .filter(({ kind }) => kind === "Instance")
      .map(({ op }) => op);
  let id: unknown;

  it("fails with its code, and nothing that it printed gets anywhere but into its console log", async () => {
    await write(3, 1);
    const result = await stack.up();
    assert.equal(result.succeeded, false);
    assert.match(
      result.output,
      /GUEST_STOPPED: Instance 'job-[0-9a-f]{7}' stopped: the program exited with code 3\. 'npx unikernel logs job-[0-9a-f]{7} --metro local' shows its console log\./,
    );
    const state = await project.readStoredState();
    const job = (await stack.state()).resources.find(({ urn }) => urn.endsWith("::job"));
    const texts = { output: result.output, diagnostics: result.diagnostics, state: job, outputs: result.outputs };
    assert.match(await platform.readConsole(job?.id ?? ""), new RegExp(`the key is ${SECRET}`), "the guest printed it");
    for (const [where, text] of Object.entries(texts))
      assert.doesNotMatch(JSON.stringify(text ?? null), /the key is|Linux version|Last console lines/, where);
    assert.doesNotMatch(state.replace(/"files":\s*\{[^}]*\}/g, ""), /the key is/);
    id = job?.id;
  });

  it("runs again with the next up, and is then left alone", async () => {
    await write(0, 1);
    const { outputs } = assertSucceeded(await stack.up());
    assert.deepEqual([outputs["id"], outputs["exitCode"], outputs["startCount"]], [id, 0, 2]);
    assert.deepEqual(jobSteps(assertSucceeded(await stack.refresh({ expectNoChanges: true }))), []);
    assert.deepEqual(jobSteps(assertSucceeded(await stack.up({ expectNoChanges: true }))), []);
    assert.equal((await platform.virtualMachines()).length, 0);
  });

  it("runs again when an input changes", async () => {
    await write(0, 2);
    const { outputs, output } = assertSucceeded(await stack.up());
    assert.match(output, /Instance 'job': the update will change env in place, then run the job again\./);
    assert.deepEqual([outputs["id"], outputs["exitCode"], outputs["startCount"]], [id, 0, 3]);
  });

  it("is destroyed completely", async () => {
    assertSucceeded(await stack.destroy());
    await platform.assertNothingLeft();
  });
});
