import assert from "node:assert/strict";
import { createOrRecover } from "../../../../provider/client/transport/createOrRecover";
import type { Clock } from "../../../../provider/base/clock";
import { UnikernelError } from "../../../../provider/base/errors";

interface Thing {
  readonly status: string;
  readonly uuid: string;
  readonly created_at?: string;
}

const lost = () => new UnikernelError("API_UNREACHABLE", "lost", { details: { mayHaveActed: true } });
const garbled = () => new UnikernelError("API_SHAPE", "garbled");
const unsent = () => new UnikernelError("API_UNREACHABLE", "refused", { details: { mayHaveActed: false } });
const taken = () => new UnikernelError("ALREADY_EXISTS", "taken");
const refused = (status: number, retryAfterMs?: number) => () =>
  new UnikernelError("API_UNREACHABLE", "refused", {
    details: { status, mayHaveActed: true, ...(retryAfterMs === undefined ? {} : { retryAfterMs }) },
  });
const full = () => new UnikernelError("QUOTA_EXCEEDED", "full");

/** A server with one name. Each step says what one create does there, and what the client hears of it. */
class Server {
  thing: Thing | undefined;
  creates = 0;
  looks = 0;
  lookFails = false;
  /** What is made can be seen only so many milliseconds after the first create. */
  hiddenForMs = 0;
  readonly slept: number[] = [];
  readonly #beganMs = Date.now();
  #nowMs = this.#beganMs;
  readonly #steps: readonly (() => "made" | UnikernelError | [made: true, heard: UnikernelError])[];

  constructor(...steps: readonly (() => "made" | UnikernelError | [made: true, heard: UnikernelError])[]) {
    this.#steps = steps;
  }

  #make = (): Thing => (this.thing = { status: "success", uuid: `u${this.creates}` });

  readonly create = (): Promise<Thing> =>
    Promise.resolve().then(() => {
      const outcome = this.#steps[this.creates++]?.() ?? assert.fail("one create too many");
      if (outcome === "made") return this.#make();
      if (outcome instanceof UnikernelError) throw outcome;
      this.#make();
      throw outcome[1];
    });

  readonly find = (): Promise<Thing | undefined> =>
    Promise.resolve().then(() => {
      this.looks++;
      if (this.lookFails) throw lost();
      return this.#nowMs < this.#beganMs + this.hiddenForMs ? undefined : this.thing;
    });

  readonly clock: Clock = {
    now: () => this.#nowMs,
    sleep: (ms, signal) => {
      if (signal?.aborted === true) return Promise.reject(new Error("told to stop"));
      this.slept.push(ms);
      this.#nowMs += ms;
      return Promise.resolve();
    },
  };

  adopt = (signal?: AbortSignal) => createOrRecover({ clock: this.clock, signal }, this.create, this.find);
}

const mayExist = (error: unknown): boolean =>
  UnikernelError.has(error, "API_UNREACHABLE") &&
  error.details["mayHaveActed"] === true &&
  /The object may exist nevertheless/.test(error.hint ?? "");

const codeOf = async (promise: Promise<unknown>) =>
  promise.then(
    () => "none",
    (error: unknown) => (UnikernelError.is(error) ? error.code : String(error)),
  );

describe("a create whose answer was lost", () => {
  for (const [how, error] of [
    ["lost", lost],
    ["garbled", garbled],
  ] as const) {
    it(`is found again when its answer was ${how}`, async () => {
      const server = new Server(() => [true, error()]);
      assert.equal((await server.adopt()).uuid, "u1");
      assert.deepEqual([server.creates, server.looks], [1, 1]);
    });
  }

  it("is made once more when it is not there, and found when that answer is lost as well", async () => {
    const server = new Server(lost, () => [true, lost()]);
    assert.equal((await server.adopt()).uuid, "u2");
  });

  it("is found when the first request arrives late and takes the name", async () => {
    const server = new Server(lost, () => {
      server.thing = { status: "success", uuid: "late" };
      return taken();
    });
    assert.equal((await server.adopt()).uuid, "late");
  });

  it("ends after three creates", async () => {
    const server = new Server(lost, lost, lost);
    assert.equal(await codeOf(server.adopt()), "API_UNREACHABLE");
    assert.deepEqual([server.creates, server.looks], [3, 3]);
  });

  it("is not looked for when the server did nothing, or refused", async () => {
    for (const [error, code] of [
      [unsent, "API_UNREACHABLE"],
      [taken, "ALREADY_EXISTS"],
      [full, "QUOTA_EXCEEDED"],
    ] as const) {
      const server = new Server(error);
      assert.equal(await codeOf(server.adopt()), code);
      assert.equal(server.looks, 0);
    }
  });

  it("says why the second one was refused when nothing is there", async () => {
    assert.equal(await codeOf(new Server(lost, full).adopt()), "QUOTA_EXCEEDED");
  });

  it("says that it may exist when nobody can look", async () => {
    const server = new Server(() => [true, lost()]);
    server.lookFails = true;
    await assert.rejects(server.adopt(), mayExist);
  });

  it("is found when it cannot be seen at once, and only its name says that it is there", async () => {
    const server = new Server(() => [true, lost()], taken);
    server.hiddenForMs = 8_000;
    assert.equal((await server.adopt()).uuid, "u1");
  });

  it("says that it may exist when its name is taken and nothing is to be seen for ten seconds", async () => {
    const server = new Server(() => [true, lost()], taken);
    server.hiddenForMs = 3_600_000;
    await assert.rejects(server.adopt(), mayExist);
    const [, ...looking] = server.slept;
    assert.equal(
      looking.reduce((sum, ms) => sum + ms),
      10_000,
    );
    assert.deepEqual(
      looking,
      [...looking].sort((a, b) => a - b),
    );
  });

  it("is made again after a pause, and after the time that a busy server asks for", async () => {
    const server = new Server(refused(503), refused(503, 7_000), () => "made");
    assert.equal((await server.adopt()).uuid, "u3");
    const [first = 0, second = 0] = server.slept;
    assert.equal(server.slept.length, 2);
    assert.ok(first >= 50 && first <= 100, `${first} ms`);
    assert.ok(second >= 7_000 && second <= 7_200, `${second} ms`);
  });

  for (const [what, error] of [
    ["a server that asks for ten minutes", refused(503, 600_000)],
    ["a fault of the server", refused(500)],
  ] as const) {
    it(`is not made again after ${what}, and may exist`, async () => {
      const server = new Server(error);
      await assert.rejects(server.adopt(), mayExist);
      assert.deepEqual([server.creates, server.looks, server.slept], [1, 1, []]);
    });
  }

  it("may exist when a pause is ended", async () => {
    await assert.rejects(new Server(lost).adopt(AbortSignal.abort()), mayExist);
  });

  it("never takes what somebody else made before for its own", async () => {
    const server = new Server(lost);
    server.thing = { status: "success", uuid: "old", created_at: "2020-01-01T00:00:00Z" };
    assert.equal(await codeOf(server.adopt()), "ALREADY_EXISTS");
  });

  it("is its own when it is as old as the request, by a clock that is a little slow", async () => {
    const server = new Server(lost);
    const created_at = new Date(Date.now() - 60_000).toISOString();
    server.thing = { status: "success", uuid: "mine", created_at };
    assert.equal((await server.adopt()).uuid, "mine");
  });
});
