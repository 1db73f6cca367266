/** Commands in instances: `POST /exec`, and schedules with the action `exec`. */
import assert from "node:assert/strict";
import * as fs from "node:fs/promises";
import { setTimeout as delay } from "node:timers/promises";
import type { GuestCommand } from "../../../provider/platform/vmm/vmm";
import { UnikernelError } from "../../../provider/base/errors";
import { freePort } from "../../support/freePorts";
import { TestClock } from "../../support/testClock";
import { type Item, TestPlatform, webGuest } from "../../support/testPlatform";

const HOUR_MS = 3_600_000;
type Event = Record<string, unknown>;

describe("commands in instances", () => {
  let platform: TestPlatform;
  let clock: TestClock;
  const commands: GuestCommand[] = [];
  beforeEach(async () => {
    commands.length = 0;
    clock = new TestClock();
    platform = await TestPlatform.open();
    await platform.start({ clock });
  });
  afterEach(() => platform.close());

  const withCommands = (run: (command: GuestCommand) => Promise<number> | number) =>
    platform.setDefaultGuest((name) => ({
      ...webGuest(name),
      run: (command) => {
        commands.push(command);
        return run(command);
      },
    }));
  const post = (body: unknown, init: RequestInit = {}): Promise<Response> =>
    fetch(`${platform.daemon.url}/exec`, {
      method: "POST",
      headers: { authorization: `Bearer ${platform.daemon.token}` },
      body: JSON.stringify(body),
      ...init,
    });
  const events = async (body: unknown): Promise<Event[]> => {
    const response = await post(body);
    const text = await response.text();
    assert.equal(response.status, 200, text);
    assert.equal(response.headers.get("content-type"), "application/x-ndjson");
    return text.trimEnd().split("\n").map((line) => JSON.parse(line) as Event); // prettier-ignore
  };
  const base64 = (text: string): string => Buffer.from(text).toString("base64");
  const sleeper = async (stateful: boolean): Promise<Item> => {
    const item = await platform.createRunning({
      name: "sleeper",
      service_group: { services: [{ port: await freePort() }] },
      scale_to_zero: { policy: "on", cooldown_time_ms: 20, stateful },
    });
    await platform.waitForItem(item.uuid, ({ state }) => state === "standby");
    return item;
  };

  it("get their arguments and input, and send output and exit code", async () => {
    withCommands(async ({ stdin, write }) => {
      await write("stdout", Buffer.from([0, 255]));
      await write("stderr", Buffer.from(`read ${stdin.length}`));
      return 42;
    });
    const { uuid } = await platform.createRunning({ name: "a" });
    const args = ["sh", "-c", "$(x) é \n"];
    assert.deepEqual(await events({ uuid, args, stdin: base64("hi") }), [
      { stdout: Buffer.from([0, 255]).toString("base64") },
      { stderr: base64("read 2") },
      { exit_code: 42 },
    ]);
    assert.deepEqual(commands[0]?.args, args);
  });

  it("leave no secret in the daemon's log", async () => {
    withCommands(() => {
      throw new UnikernelError("VMM_FAILED", "No.");
    });
    const { uuid } = await platform.createRunning({ name: "a" });
    const [event] = await events({ uuid, args: ["login", "hidden-argument"], stdin: base64("hidden-input") });
    assert.deepEqual(event, { error: { code: "VMM_FAILED", message: "No." } });
    const log = await fs.readFile(platform.paths.logFile, "utf8");
    assert.match(log, /command\.failed/);
    assert.doesNotMatch(log, /hidden|login/);
  });

  for (const stateful of [true, false])
    it(`wake an instance that sleeps ${stateful ? "with" : "without"} its memory, and keep it awake`, async () => {
      let uuid = "";
      let state: unknown;
      withCommands(async () => {
        await delay(150); // many cooldowns
        ({ state } = await platform.instance(uuid));
        return 0;
      });
      ({ uuid } = await sleeper(stateful));
      assert.deepEqual(await events({ uuid, args: ["true"] }), [{ exit_code: 0 }]);
      assert.equal(state, "running");
      await platform.waitForItem(uuid, (item) => item["state"] === "standby");
    });

  it("wake an instance that is saved on the disk", async () => {
    await platform.daemon.close();
    await platform.start({ clock, timings: { saveAfterMs: 5 } });
    withCommands(() => 3);
    const { uuid } = await sleeper(true);
    while (platform.vmm.memory.saves === 0) await delay(2);
    assert.deepEqual(await events({ uuid, args: ["true"] }), [{ exit_code: 3 }]);
    assert.equal(platform.vmm.memory.restores, 1);
  });

  it("are refused by an instance that does not run, and by a guest that takes none", async () => {
    const { uuid } = await platform.requestItem("POST", "/v1/instances", { name: "stopped", image: "app:1" });
    const [stopped] = await events({ uuid, args: ["true"] });
    assert.match(JSON.stringify(stopped), /GUEST_STOPPED.*'stopped' is stopped.*local start stopped/);
    const other = await platform.createRunning({ name: "plain" });
    const [refused] = await events({ uuid: other.uuid, args: ["true"] });
    assert.match(JSON.stringify(refused), /NOT_SUPPORTED/);
  });

  it("are killed after their time, and when their client is gone", async () => {
    const ends: string[] = [];
    withCommands(
      ({ signal }) =>
        new Promise((_, reject) => {
          signal.addEventListener("abort", () => {
            ends.push(String((signal.reason as Error).name));
            reject(signal.reason as Error);
          });
        }),
    );
    const { uuid } = await platform.createRunning({ name: "a" });
    const [event] = await events({ uuid, args: ["sleep", "1000"], timeout_ms: 30 });
    assert.match(JSON.stringify(event), /WAIT_TIMEOUT.*did not end within 0.03 s/);
    const client = new AbortController();
    const response = await post({ uuid, args: ["sleep", "1000"] }, { signal: client.signal });
    client.abort();
    await assert.rejects(response.text());
    while (ends.length < 2) await delay(2);
    const log = await fs.readFile(platform.paths.logFile, "utf8");
    assert.match(log, /command\.killed/);
  });

  it("wait while nobody reads their output", async () => {
    let written = 0;
    withCommands(async ({ write, signal }) => {
      for (; written < 64 && !signal.aborted; written++) await write("stdout", Buffer.alloc(1024 * 1024));
      return 0;
    });
    const { uuid } = await platform.createRunning({ name: "a" });
    const client = new AbortController();
    await post({ uuid, args: ["yes"] }, { signal: client.signal });
    await delay(300);
    assert.ok(written < 32, `${written} MiB were written to a client that reads nothing`);
    client.abort();
  });

  it("are malformed without a token, an instance, arguments or valid input", async () => {
    const { uuid } = await platform.createRunning({ name: "a" });
    const missing = "0b5f7c1e-2f4a-4f0e-9a52-6f0d3a3b9c11";
    for (const [status, body, init] of [
      [401, { uuid, args: ["x"] }, { headers: {} }],
      [405, undefined, { method: "PUT" }],
      [404, { uuid: missing, args: ["x"] }],
      [400, { uuid: "a", args: ["x"] }],
      [400, { uuid, args: [] }],
      [400, { uuid, args: ["secret"], stdin: "no base64!" }],
      [400, { uuid, args: ["secret"], timeout_ms: 0 }],
      [400, { uuid, args: "secret" }],
      [413, { uuid, args: ["x"], stdin: Buffer.alloc(4 * 1024 * 1024 + 1).toString("base64") }],
    ] as [number, unknown, RequestInit?][]) {
      const response = await post(body, init);
      const text = await response.text();
      assert.equal(response.status, status, text);
      assert.equal((JSON.parse(text) as { status: string }).status, "error");
      assert.doesNotMatch(text, /secret/);
    }
  });

  const schedules = [{ name: "tick", when: "hourly", action: "exec", args: ["date", "hidden"] }];
  const logOf = (uuid: string): Promise<string> => fs.readFile(platform.vmm.consoleLogPath(uuid), "utf8");
  const untilLogged = async (uuid: string, wanted: RegExp): Promise<string> => {
    for (;;) {
      const text = await logOf(uuid);
      if (wanted.test(text)) return text;
      await delay(2);
    }
  };

  it("of a schedule run, and leave output and result in the instance's log", async () => {
    withCommands(async ({ write }) => {
      await write("stdout", Buffer.from("no newline"));
      return commands.length;
    });
    const { uuid } = await platform.createRunning({ name: "a", schedules });
    clock.advance(HOUR_MS);
    await untilLogged(
      uuid,
      /^no newline\nunikernel: the command of schedule 'tick' ended with exit code 1 after \d+ ms\n$/,
    );
    clock.advance(HOUR_MS);
    await untilLogged(uuid, /exit code 2 after \d+ ms\n$/);
    assert.deepEqual(commands[0]?.args, ["date", "hidden"]);
    assert.doesNotMatch(await fs.readFile(platform.paths.logFile, "utf8"), /hidden/);
  });

  it("of a schedule are skipped while the last one runs, or the instance is stopped", async () => {
    const { promise, resolve } = Promise.withResolvers<number>();
    withCommands(() => promise);
    const { uuid } = await platform.createRunning({ name: "a", schedules });
    await platform.requestItem("POST", "/v1/instances", { name: "b", image: "app:1", schedules });
    clock.advance(HOUR_MS);
    while (commands.length === 0) await delay(2);
    clock.advance(HOUR_MS);
    const log = () => fs.readFile(platform.paths.logFile, "utf8");
    while (!/still runs/.test(await log())) await delay(2);
    assert.match(await log(), /"the instance is stopped"/);
    assert.equal(commands.length, 1);
    resolve(0);
    await untilLogged(uuid, /exit code 0/);
  });

  it("of a schedule that fail say why, and long output is cut", async () => {
    withCommands(async ({ write }) => {
      await write("stderr", Buffer.alloc(70_000, "x"));
      throw new UnikernelError("GUEST_STOPPED", "It stopped.");
    });
    const { uuid } = await platform.createRunning({ name: "a", schedules });
    clock.advance(HOUR_MS);
    const text = await untilLogged(uuid, /'tick' failed: It stopped\.\n$/);
    assert.match(text, /^x{65536}\nunikernel: 4464 more bytes were left out\n/);
  });

  it("of a schedule are refused where the kernel runs none, also in a change", async () => {
    platform.vmm.agentObstacle = "it is too small";
    const body = { name: "a", image: "app:1" };
    const refused = await platform.requestItem("POST", "/v1/instances", { ...body, schedules });
    assert.deepEqual(
      [refused["error"], refused.message],
      [
        1,
        "Schedule 'tick' cannot run a command in the instance: it is too small. Use another action, or an image with the runtime linux:latest.",
      ],
    );
    await platform.requestItem("POST", "/v1/instances", body);
    const change = { name: "a", prop: "schedules", op: "add", value: schedules };
    assert.equal((await platform.requestItem("PATCH", "/v1/instances", [change]))["error"], 1);
    platform.vmm.agentObstacle = undefined;
    assert.equal((await platform.requestItem("PATCH", "/v1/instances", [change]))["status"], "success");
  });
});
