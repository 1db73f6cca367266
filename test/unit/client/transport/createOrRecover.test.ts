import assert from "node:assert/strict";
import { createOrRecover } from "../../../../provider/client/transport/createOrRecover";
import type { Clock } from "../../../../provider/base/clock";
import { UnikernelError } from "../../../../provider/base/errors";

interface TestObject {
  readonly status: string;
  readonly uuid: string;
  readonly created_at?: string;
}

const lost = () => new UnikernelError("API_UNREACHABLE", "lost", { details: { mayHaveActed: true } });
const garbled = () => new UnikernelError("API_SHAPE", "garbled");
const unsent = () => new UnikernelError("API_UNREACHABLE", "not sent", { details: { mayHaveActed: false } });
const taken = () => new UnikernelError("ALREADY_EXISTS", "taken");
const httpError = (status: number, retryAfterMs?: number) => () =>
  new UnikernelError("API_UNREACHABLE", "unavailable", {
    details: { status, mayHaveActed: true, ...(retryAfterMs === undefined ? {} : { retryAfterMs }) },
  });
const inUse = () => new UnikernelError("IN_USE", "the volume is attached");
const overQuota = () => new UnikernelError("QUOTA_EXCEEDED", "full");

/** What a create does: it succeeds, fails with an error, or succeeds but the client receives an error. */
type Step = () => "created" | UnikernelError | [created: true, received: UnikernelError];

/** A server with a single name. Each step defines the effect of one create and the error that the client receives. */
class Server {
  object: TestObject | undefined;
  creates = 0;
  lookups = 0;
  lookupFails = false;
  /** A created object is listed only this many milliseconds after the first create. */
  hiddenForMs = 0;
  readonly slept: number[] = [];
  readonly #beganMs = Date.now();
  #nowMs = this.#beganMs;
  readonly #steps: readonly Step[];

  constructor(...steps: readonly Step[]) {
    this.#steps = steps;
  }

  #createObject = (): TestObject => (this.object = { status: "success", uuid: `u${this.creates}` });

  readonly create = (): Promise<TestObject> =>
    Promise.resolve().then(() => {
      const outcome = this.#steps[this.creates++]?.() ?? assert.fail("too many creates");
      if (outcome === "created") return this.#createObject();
      if (outcome instanceof UnikernelError) throw outcome;
      this.#createObject();
      throw outcome[1];
    });

  readonly find = (): Promise<TestObject | undefined> =>
    Promise.resolve().then(() => {
      this.lookups++;
      if (this.lookupFails) throw lost();
      return this.#nowMs < this.#beganMs + this.hiddenForMs ? undefined : this.object;
    });

  readonly clock: Clock = {
    now: () => this.#nowMs,
    sleep: (ms, signal) => {
      if (signal?.aborted === true) return Promise.reject(new Error("aborted"));
      this.slept.push(ms);
      this.#nowMs += ms;
      return Promise.resolve();
    },
  };

  run = (signal?: AbortSignal) => createOrRecover({ clock: this.clock, signal }, this.create, this.find);
}

const mayExist = (error: unknown): boolean =>
  UnikernelError.has(error, "API_UNREACHABLE") &&
  error.details["mayHaveActed"] === true &&
  /The object may have been created/.test(error.hint ?? "");

const codeOf = async (promise: Promise<unknown>) =>
  promise.then(
    () => "none",
    (error: unknown) => (UnikernelError.is(error) ? error.code : String(error)),
  );

describe("a create whose response was lost", () => {
  for (const [how, error] of [
    ["lost", lost],
    ["garbled", garbled],
  ] as const) {
    it(`is found again after its response was ${how}`, async () => {
      const server = new Server(() => [true, error()]);
      assert.equal((await server.run()).uuid, "u1");
      assert.deepEqual([server.creates, server.lookups], [1, 1]);
    });
  }

  it("is sent once more if the object is missing, and found if that response is lost too", async () => {
    const server = new Server(lost, () => [true, lost()]);
    assert.equal((await server.run()).uuid, "u2");
  });

  it("is found if the first request arrives late and takes the name", async () => {
    const server = new Server(lost, () => {
      server.object = { status: "success", uuid: "late" };
      return taken();
    });
    assert.equal((await server.run()).uuid, "late");
  });

  it("is given up after three attempts", async () => {
    const server = new Server(lost, lost, lost);
    assert.equal(await codeOf(server.run()), "API_UNREACHABLE");
    assert.equal(server.creates, 3);
    assert.ok(server.slept.reduce((sum, ms) => sum + ms, 0) >= 10_000, "the last attempt may still arrive");
  });

  it("is found if the request of the last attempt arrives late", async () => {
    const server = new Server(lost, lost, () => [true, lost()]);
    server.hiddenForMs = 8_000;
    assert.equal(await server.run(), server.object);
  });

  it("is not looked up if the server did nothing or rejected it", async () => {
    for (const [error, code] of [
      [unsent, "API_UNREACHABLE"],
      [taken, "ALREADY_EXISTS"],
      [overQuota, "QUOTA_EXCEEDED"],
    ] as const) {
      const server = new Server(error);
      assert.equal(await codeOf(server.run()), code);
      assert.equal(server.lookups, 0);
    }
  });

  for (const [code, rejection] of [
    ["QUOTA_EXCEEDED", overQuota],
    ["IN_USE", inUse],
  ] as const) {
    it(`is found if the second attempt is rejected with ${code} because the first one arrived late`, async () => {
      const server = new Server(lost, () => {
        server.object = { status: "success", uuid: "late" };
        return rejection();
      });
      server.hiddenForMs = 8_000;
      assert.equal((await server.run()).uuid, "late");
    });

    it(`may have succeeded if the second attempt is rejected with ${code} and nothing is listed`, async () => {
      const error: unknown = await new Server(lost, rejection).run().catch((thrown: unknown) => thrown);
      assert.ok(UnikernelError.has(error, code));
      assert.equal(error.details["mayHaveActed"], true);
      assert.match(error.hint ?? "", /The object may have been created/);
    });
  }

  it("may have succeeded if the lookup fails", async () => {
    const server = new Server(() => [true, lost()]);
    server.lookupFails = true;
    await assert.rejects(server.run(), mayExist);
  });

  it("is found by its taken name even if it is not listed at once", async () => {
    const server = new Server(() => [true, lost()], taken);
    server.hiddenForMs = 8_000;
    assert.equal((await server.run()).uuid, "u1");
  });

  it("may have succeeded if its name is taken but not listed for ten seconds", async () => {
    const server = new Server(() => [true, lost()], taken);
    server.hiddenForMs = 3_600_000;
    await assert.rejects(server.run(), mayExist);
    const [, ...lookupDelays] = server.slept;
    assert.equal(
      lookupDelays.reduce((sum, ms) => sum + ms),
      10_000,
    );
    assert.deepEqual(
      lookupDelays,
      [...lookupDelays].sort((a, b) => a - b),
    );
  });

  it("is retried after a backoff, and after the Retry-After of a busy server", async () => {
    const server = new Server(httpError(503), httpError(503, 7_000), () => "created");
    assert.equal((await server.run()).uuid, "u3");
    const [first = 0, second = 0] = server.slept;
    assert.equal(server.slept.length, 2);
    assert.ok(first >= 50 && first <= 100, `${first} ms`);
    assert.ok(second >= 7_000 && second <= 7_200, `${second} ms`);
  });

  for (const [what, error] of [
    ["a Retry-After of ten minutes", httpError(503, 600_000)],
    ["a server error", httpError(500)],
  ] as const) {
    it(`is not retried and may have succeeded after ${what}`, async () => {
      const server = new Server(error);
      await assert.rejects(server.run(), mayExist);
      assert.deepEqual([server.creates, server.lookups, server.slept], [1, 1, []]);
    });
  }

  it("may have succeeded if aborted during a backoff", async () => {
    await assert.rejects(new Server(lost).run(AbortSignal.abort()), mayExist);
  });

  it("never adopts an object that someone else created earlier", async () => {
    const server = new Server(lost);
    server.object = { status: "success", uuid: "old", created_at: "2020-01-01T00:00:00Z" };
    assert.equal(await codeOf(server.run()), "ALREADY_EXISTS");
  });

  it("adopts an object as old as the request, with some clock skew", async () => {
    const server = new Server(lost);
    const created_at = new Date(Date.now() - 60_000).toISOString();
    server.object = { status: "success", uuid: "mine", created_at };
    assert.equal((await server.run()).uuid, "mine");
  });
});
