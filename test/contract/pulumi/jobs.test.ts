/** What counts as up for an Instance, through the dynamic provider process, on VMs in memory. */
import assert from "node:assert/strict";
import { setTimeout as delay } from "node:timers/promises";
import { DEFAULT_QUOTAS } from "../../../provider/platform/quota/quotaSettings";
import type { VmExit } from "../../../provider/platform/vmm/vmm";
import { type CallError, DynamicProcess } from "../../support/dynamicProcess";
import type { FakeGuest } from "../../support/fakeVmm";
import { freePort } from "../../support/freePorts";
import { TestPlatform, webGuest } from "../../support/testPlatform";

type Json = Record<string, unknown>;

const endsAfter = (afterMs: number, exit: VmExit): FakeGuest => ({ ...webGuest("job"), exits: { afterMs, exit } });
const exits = (exitCode: number | undefined, afterMs = 20) => endsAfter(afterMs, { kind: "exited", exitCode });

/** The guests by the first part of their instance's name. */
const GUESTS: Readonly<Record<string, () => FakeGuest>> = {
  exit0: () => exits(0),
  exit3: () => exits(3),
  killed: () => endsAfter(20, { kind: "killed", detail: "QEMU was killed by SIGKILL." }),
  late: () => exits(1, 1_000),
  // Ends before its program runs.
  missing: () => ({ bootMs: 60_000 }),
  long: () => webGuest("long"),
};

const REASONS = {
  exit0: "the program exited with code 0",
  exit3: "the program exited with code 3",
  killed: "no reason was given",
  late: "the program exited with code 1",
  missing: "the kernel crashed before the program ended (explicit crash or failed assertion)",
} as const;

/** Program → outcome for `running`, `answering` and `completed`. */
const EXPECTED: Readonly<Record<string, readonly [running: string, answering: string, completed: string]>> = {
  exit0: ["stopped, exit code 0", `GUEST_STOPPED: ${REASONS.exit0}`, "stopped, exit code 0"],
  exit3: [`GUEST_STOPPED: ${REASONS.exit3}`, `GUEST_STOPPED: ${REASONS.exit3}`, `GUEST_STOPPED: ${REASONS.exit3}`],
  killed: [`GUEST_STOPPED: ${REASONS.killed}`, `GUEST_STOPPED: ${REASONS.killed}`, `GUEST_STOPPED: ${REASONS.killed}`],
  late: [`GUEST_STOPPED: ${REASONS.late}`, `GUEST_STOPPED: ${REASONS.late}`, `GUEST_STOPPED: ${REASONS.late}`],
  missing: [
    `GUEST_STOPPED: ${REASONS.missing}`,
    `GUEST_STOPPED: ${REASONS.missing}`,
    `GUEST_STOPPED: ${REASONS.missing}`,
  ],
  long: ["running", "running", "WAIT_TIMEOUT"],
};
const WAITS = ["running", "answering", "completed"] as const;
const RUNS = 10;
/** Time limit of what will not be done in time, long enough for 180 creates at once. Milliseconds. */
const SHORT_TIMEOUT_MS = 10_000;

describe("the start of an instance on the local platform", function () {
  this.timeout(120_000);
  let platform: TestPlatform;
  let process: DynamicProcess;
  /** One whose operations get {@link SHORT_TIMEOUT_MS}. */
  let hasty: DynamicProcess;
  before(async () => {
    platform = await TestPlatform.open();
    platform.setDefaultGuest((name) => GUESTS[name.split("-")[0] ?? ""]?.() ?? webGuest(name));
    const { hard, limits } = DEFAULT_QUOTAS;
    const many = Object.fromEntries(Object.keys(hard).map((name) => [name, 100_000])) as unknown as typeof hard;
    await platform.start({ quotas: { hard: many, limits } });
    const settings = { "unikernel:metro": platform.daemon.url, "unikernel:token": platform.daemon.token };
    const timeouts = JSON.stringify({ createMs: SHORT_TIMEOUT_MS });
    process = await DynamicProcess.start("Instance", settings);
    hasty = await DynamicProcess.start("Instance", { ...settings, "unikernel:timeouts": timeouts });
  });
  after(async () => {
    await process.stop();
    await hasty.stop();
    await platform.close();
  });

  const checked = async (name: string, given: object, olds: Json = {}): Promise<Json> => {
    const { inputs, failures } = await process.check(olds, { __resourceName: name, image: "app:1", ...given });
    assert.deepEqual(failures, []);
    return inputs;
  };
  const failureOf = (acting: Promise<unknown>): Promise<CallError> =>
    acting.then(
      () => assert.fail("it succeeded"),
      (error: CallError) => error,
    );
  /** Ends the VM of a guest before it comes to run its program. */
  async function endBoot(name: string): Promise<void> {
    for (;;) {
      const [item] = (await platform.api("GET", `/v1/instances?name=${name}`)).items;
      if (item?.["state"] === "starting") platform.vmm.end(item.uuid, { kind: "panicked", detail: "no such file" });
      if (item?.["state"] === "stopped") return;
      await delay(50);
    }
  }

  /** Creates an instance, at a random moment, and says what came of it. */
  async function outcomeOf(program: string, waitFor: string, run: number): Promise<string> {
    const name = `${program}-${waitFor}-${run}`;
    await delay(Math.random() * 500);
    const serviceGroup = { ports: [{ port: await freePort() }] };
    const inputs = await checked(name, { name, waitFor, ...(waitFor === "answering" ? { serviceGroup } : {}) });
    const creating = (program === "long" && waitFor === "completed" ? hasty : process).create(inputs);
    if (program === "missing") void endBoot(name);
    return creating.then(
      ({ outs }) =>
        `${String(outs["state"])}${outs["exitCode"] === undefined ? "" : `, exit code ${String(outs["exitCode"])}`}`,
      ({ message, partial }: CallError) => {
        assert.ok(partial?.id !== undefined, `it is not in the state: ${message}`);
        const [, code = "", rest = ""] = /^([A-Z_]+): Instance '[^']+' (?:stopped: )?(.*)/s.exec(message) ?? [];
        if (code !== "GUEST_STOPPED") return code;
        assert.match(
          rest,
          new RegExp(`'npx unikernel logs ${name} --metro ${platform.daemon.url}' shows its console log`),
        );
        return `${code}: ${rest.split(". '")[0] ?? ""}`;
      },
    );
  }

  it(`is the same in each of ${RUNS} runs, for every way a program can go and every waitFor`, async () => {
    const cases = Object.keys(EXPECTED).flatMap((program) => WAITS.map((waitFor) => ({ program, waitFor })));
    const rows = await Promise.all(
      cases.map(async ({ program, waitFor }) => {
        const runs = Array.from({ length: RUNS }, (_, run) => outcomeOf(program, waitFor, run));
        const counts = new Map<string, number>();
        for (const outcome of await Promise.all(runs)) counts.set(outcome, (counts.get(outcome) ?? 0) + 1);
        return { program, waitFor, counts };
      }),
    );
    for (const { program, waitFor, counts } of rows)
      console.log(
        `      ${program.padEnd(8)} ${waitFor.padEnd(10)} ${[...counts].map(([what, n]) => `${n} × ${what}`).join("; ")}`,
      );
    assert.deepEqual(
      rows.map(({ program, waitFor, counts }) => [program, waitFor, [...counts]]),
      rows.map(({ program, waitFor }) => [program, waitFor, [[EXPECTED[program]?.[WAITS.indexOf(waitFor)], RUNS]]]),
    );
  });

  const NONE = { changes: false, replaces: [], deleteBeforeReplace: false };
  const job = { waitFor: "completed" };
  const counts = async (id: string) => {
    const { state, start_count } = await platform.instance(id);
    return [state, start_count];
  };

  it("leaves a job that has ended alone, and runs it again for what its program sees", async () => {
    const name = "exit0-again";
    const inputs = await checked(name, { name, ...job, env: { A: "1" } });
    const { id, outs } = await process.create(inputs);
    assert.deepEqual([outs["exitCode"], ...(await counts(id))], [0, "stopped", 1]);
    const read = await process.read(id, outs);
    assert.deepEqual(await process.diff(id, read.props, inputs), NONE, "a refresh shows no drift");
    assert.deepEqual(await process.diff(id, read.props, inputs), NONE, "and the next up does nothing");

    const tagged = await checked(name, { name, ...job, env: { A: "1" }, tags: ["a"] }, inputs);
    const same = await process.update(id, outs, tagged);
    assert.deepEqual(await counts(id), ["stopped", 1], "a tag runs nothing");
    const changed = await checked(name, { name, ...job, env: { A: "2" }, tags: ["a"] }, tagged);
    assert.deepEqual(await process.diff(id, same, changed), { ...NONE, changes: true });
    const again = await process.update(id, same, changed);
    assert.deepEqual([again["exitCode"], ...(await counts(id))], [0, "stopped", 2]);
    assert.deepEqual(await process.diff(id, again, changed), NONE);
    await process.delete(id, again);
  });

  it("keeps a job that failed, and the next up runs it again", async () => {
    const name = "failing";
    platform.guests.set(name, exits(3));
    const inputs = await checked(name, { name, ...job });
    const { message, partial } = await failureOf(process.create(inputs));
    assert.match(message, /^GUEST_STOPPED: Instance 'failing' stopped: the program exited with code 3\./);
    const { id = "", properties = {} } = partial ?? {};
    const read = await process.read(id, properties);
    await process.diff(id, read.props, inputs);
    assert.equal((await process.diff(id, read.props, inputs)).changes, true, "also after a refresh");
    platform.guests.set(name, exits(0));
    const outs = await process.update(id, read.props, inputs);
    assert.deepEqual([outs["exitCode"], ...(await counts(id))], [0, "stopped", 2]);
    assert.deepEqual(await process.diff(id, outs, inputs), NONE);
    await process.delete(id, outs);
  });

  it("goes on waiting for a job that was not done in time, and does not run it twice", async () => {
    for (const refreshed of ["while it runs", "once it has ended", "never"] as const) {
      const name = `slow-${refreshed.split(" ")[0] ?? ""}`;
      platform.guests.set(name, { ...webGuest(name) });
      const inputs = await checked(name, { name, ...job });
      const { message, partial } = await failureOf(hasty.create(inputs));
      assert.match(message, /^WAIT_TIMEOUT: /);
      const { id = "", properties = {} } = partial ?? {};
      const end = () => platform.vmm.end(id, { kind: "exited", exitCode: 0 });
      if (refreshed === "once it has ended") {
        end();
        await platform.waitForItem(id, ({ state }) => state === "stopped");
      }
      const { props } = refreshed === "never" ? { props: properties } : await process.read(id, properties);
      if (refreshed !== "never") await process.diff(id, props, inputs);
      const isOpen = refreshed === "while it runs";
      if (refreshed !== "never") assert.equal((await process.diff(id, props, inputs)).changes, isOpen, refreshed);
      const updating = process.update(id, props, inputs);
      if (refreshed !== "once it has ended") setTimeout(end, 300);
      const outs = await updating;
      assert.deepEqual([outs["exitCode"], ...(await counts(id))], [0, "stopped", 1], refreshed);
      await process.delete(id, outs);
    }
  });

  it("is not run twice if the process was killed after it had ended", async () => {
    const urn = "urn:pulumi:dev::test::pulumi-nodejs:dynamic/unikernel:Instance::once";
    const inputs = await checked("exit0-once", { name: "exit0-once", ...job, __urn: urn });
    const { id } = await process.create(inputs);
    const [mark = ""] = (await platform.instance(id))["tags"] as string[];
    assert.match(mark, /^pulumi:/);
    // As it is before the create's last request.
    const unfinished = { uuid: id, prop: "tags", op: "set", value: [`${mark}:unfinished`] };
    await platform.api("PATCH", "/v1/instances", [unfinished]);
    const again = await process.create(inputs);
    assert.deepEqual([again.id, again.outs["exitCode"], ...(await counts(id))], [id, 0, "stopped", 1]);
    assert.deepEqual((await platform.instance(id))["tags"], [mark]);
    await process.delete(id, again.outs);
  });

  it("has no exit code where the guest reports none", async () => {
    const name = "unikraft";
    platform.guests.set(name, exits(undefined));
    const inputs = await checked(name, { name, ...job });
    const { id, outs } = await process.create(inputs);
    assert.deepEqual([outs["state"], "exitCode" in outs], ["stopped", false]);
    assert.equal(outs["stopReason"], "the program exited, without reporting a code");
    await process.delete(id, outs);
  });

  it("tries a job again while its restart policy and the time allow it", async () => {
    const name = "flaky";
    let boots = 0;
    platform.guests.set(name, () => exits(++boots < 4 ? 1 : 0));
    const inputs = await checked(name, { name, ...job, restartPolicy: "on-failure" });
    const { id, outs } = await process.create(inputs);
    assert.deepEqual([outs["exitCode"], outs["restartCount"]], [0, 3]);
    await process.delete(id, outs);
  });

  it("keeps what a guest prints out of the state, the error and its reasons", async () => {
    const name = "leaky";
    platform.guests.set(name, { ...exits(1), console: "the key is hunter2-of-a-file\n" });
    process.printed.length = 0;
    const inputs = await checked(name, { name });
    const error = await failureOf(process.create(inputs));
    const { id = "", properties = {} } = error.partial ?? {};
    const { props } = await process.read(id, properties);
    assert.doesNotMatch(JSON.stringify([error.message, error.partial, props, process.printed]), /hunter2|the key is/);
    await process.delete(id, props);
  });
});
