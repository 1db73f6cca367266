/** State of metro `local` that another machine's platform holds. */
import assert from "node:assert/strict";
import * as fs from "node:fs/promises";
import { readPlatformId } from "../../../provider/base/platformId";
import { type CallError, DynamicProcess } from "../../support/dynamicProcess";
import { eventually } from "../../support/localPlatform";
import { TestPlatform } from "../../support/testPlatform";

type Json = Record<string, unknown>;

const ELSEWHERE = "11111111-2222-4333-8444-555555555555";

describe("a volume in state of another local platform", () => {
  let platform: TestPlatform;
  let volume: DynamicProcess;
  let id: string;
  let outs: Json;
  const news = { __resourceName: "data", name: "data", sizeMb: 16 };
  before(async () => {
    platform = await TestPlatform.open();
    await platform.start();
    process.env["UNIKERNEL_STATE_DIR"] = platform.paths.stateDir;
    volume = await DynamicProcess.start("Volume", { "unikernel:metro": "local" });
    ({ id, outs } = await volume.create((await volume.check({}, news)).inputs));
  });
  after(async () => {
    await volume.stop();
    await platform.close();
    delete process.env["UNIKERNEL_STATE_DIR"];
  });

  const homeOf = (state: Json) => state["__home"] as Json;
  const withPlatform = (platformId: string): Json => ({ ...outs, __home: { ...homeOf(outs), platformId } });
  const rejection = (here: string) => ({
    message:
      `CONFIG_INVALID: Volume 'data' is on the local platform '${ELSEWHERE}', but ${here}. ` +
      "Run Pulumi on the machine that has it, with the same UNIKERNEL_STATE_DIR; if that platform is gone for good, " +
      "remove its resources from the state with 'pulumi state delete', or '--all' of them.",
  });
  /** Each operation on the existing object. */
  const operations = (state: Json): Record<string, () => Promise<unknown>> => ({
    diff: () => volume.diff(id, state, news),
    read: () => volume.read(id, state),
    update: () => volume.update(id, state, { ...news, sizeMb: 32 }),
    delete: () => volume.delete(id, state),
  });

  it("keeps the platform's ID in state", async () => {
    const own = readPlatformId(platform.paths.platformIdFile);
    assert.deepEqual(homeOf(outs), { metro: "local", provider: "", platformId: own });
    assert.deepEqual(homeOf((await volume.read(id, outs)).props), homeOf(outs));
  });

  for (const operation of ["diff", "read", "update", "delete"]) {
    it(`fails each ${operation} with one sentence and the way out, and changes nothing`, async () => {
      const own = `this machine's is '${readPlatformId(platform.paths.platformIdFile) ?? ""}'`;
      await assert.rejects(
        operations(withPlatform(ELSEWHERE))[operation]?.() ?? Promise.resolve(),
        (error: CallError) => {
          assert.ok(error.message.includes(rejection(own).message), error.message);
          return true;
        },
      );
      assert.equal((await platform.requestItem("GET", `/v1/volumes?uuid=${id}`))["size_mb"], 16);
    });
  }

  it("fails on a machine without a platform, and starts none", async () => {
    const { platformIdFile } = platform.paths;
    await fs.rename(platformIdFile, `${platformIdFile}.away`);
    try {
      await assert.rejects(volume.read(id, withPlatform(ELSEWHERE)), (error: CallError) =>
        error.message.includes(rejection("this machine has none").message),
      );
    } finally {
      await fs.rename(`${platformIdFile}.away`, platformIdFile);
    }
  });

  it("accepts state of earlier releases, which has no ID, and adds it with the next update", async () => {
    const old = { ...outs, __home: { metro: "local", provider: "" } };
    const { inputs } = await volume.check(old, news);
    assert.deepEqual(await volume.diff(id, old, inputs), { changes: false, replaces: [], deleteBeforeReplace: false });
    const updated = await volume.update(id, old, { ...inputs, tags: ["a"] });
    assert.deepEqual(homeOf(updated), homeOf(outs));
    await eventually("the volume is changed", async () =>
      String((await platform.requestItem("GET", `/v1/volumes?uuid=${id}`))["tags"]).startsWith("a"),
    );
  });

  it("finds by name what a program only looks up", async () => {
    const { props } = await volume.read("data", {});
    const read = await volume.read(id, { ...props, __home: { ...homeOf(props), platformId: ELSEWHERE } });
    assert.equal(read.id, id);
  });
});
