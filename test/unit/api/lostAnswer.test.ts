import assert from "node:assert/strict";
import { adoptAfterLostAnswer } from "../../../provider/api/lostAnswer";
import { UnikernelError } from "../../../provider/base/errors";

interface Thing {
  readonly status: string;
  readonly uuid: string;
  readonly created_at?: string;
}

const lost = () => new UnikernelError("API_UNREACHABLE", "lost", { details: { mayHaveActed: true } });
const garbled = () => new UnikernelError("API_SHAPE", "garbled");
const unsent = () => new UnikernelError("API_UNREACHABLE", "refused", { details: { mayHaveActed: false } });
const taken = () => new UnikernelError("ALREADY_EXISTS", "taken");
const full = () => new UnikernelError("QUOTA_EXCEEDED", "full");

/** A server with one name. Each step says what one create does there, and what the client hears of it. */
class Server {
  thing: Thing | undefined;
  creates = 0;
  looks = 0;
  lookFails = false;
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
      return this.thing;
    });

  adopt = () => adoptAfterLostAnswer(this.create, this.find);
}

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
    await assert.rejects(
      server.adopt(),
      (error: unknown) =>
        UnikernelError.has(error, "API_UNREACHABLE") &&
        error.details["mayHaveActed"] === true &&
        /may have been made/.test(error.hint ?? ""),
    );
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
