/** A volume that is filled from a folder when it is created. */
import assert from "node:assert/strict";
import { readlinkSync } from "node:fs";
import * as fs from "node:fs/promises";
import * as os from "node:os";
import * as path from "node:path";
import { UnikernelError } from "../../../../provider/base/errors";
import { lentFolderLink, localPaths } from "../../../../provider/base/localPaths";
import { check } from "../../../../provider/definition/check";
import { ResourceInitFailedError } from "../../../../provider/definition/initFailed";
import { volume } from "../../../../provider/resources/volume/resource";
import { contextWithResponses } from "../../../support/resourceContext";

type Inputs = Parameters<typeof volume.create>[1];
const item = { status: "success", uuid: "v1", name: "data", size_mb: 64, state: "available" };

describe("a volume filled from a folder", () => {
  let folder: string;
  let stateBefore: string | undefined;
  beforeEach(async () => {
    folder = await fs.mkdtemp(path.join(os.tmpdir(), "unikernel-content-"));
    await fs.mkdir(path.join(folder, "apps"));
    stateBefore = process.env["UNIKERNEL_STATE_DIR"];
    process.env["UNIKERNEL_STATE_DIR"] = path.join(folder, "state");
  });
  afterEach(async () => {
    await fs.rm(localPaths().runDir, { recursive: true, force: true });
    if (stateBefore === undefined) delete process.env["UNIKERNEL_STATE_DIR"];
    else process.env["UNIKERNEL_STATE_DIR"] = stateBefore;
    await fs.rm(folder, { recursive: true });
  });

  const inputsWith = async (args: object, olds: object = {}) => {
    const { inputs, failures } = await check(volume, { ...olds }, { name: "data", ...args });
    return { inputs: inputs as Inputs, failures: failures.map(({ property, reason }) => `${property}: ${reason}`) };
  };
  const filled = async () => (await inputsWith({ sizeMb: 64, contentFrom: path.join(folder, "apps") })).inputs;

  /** A metro that reads the lent link while it imports. */
  function living(answer: object = item, metro = "local") {
    const links: string[] = [];
    const context = contextWithResponses({
      createVolume: () => item,
      getVolumes: () => item,
      importVolumes: ({ body: [{ folder: id }] }: { body: [{ folder: string }] }) => {
        links.push(readlinkSync(lentFolderLink(localPaths(), id)));
        return answer;
      },
      deleteVolumes: () => ({ status: "success", uuid: "v1" }),
    });
    const warnings: string[] = [];
    return { ...context, metro, links, warnings, printWarning: (text: string) => void warnings.push(text) };
  }

  it("lends the folder for the time of the request, once the volume exists", async () => {
    const context = living();
    await volume.create(context, await filled());
    assert.deepEqual(context.links, [path.join(folder, "apps")]);
    assert.deepEqual(await fs.readdir(localPaths().runDir), []);
    assert.deepEqual(context.warnings, []);
  });

  it("warns of what was not copied", async () => {
    const context = living({ ...item, skipped: ["a", "b", "c", "d", "e", "f"] });
    await volume.create(context, await filled());
    assert.match(context.warnings.join(), /left out what is no file, folder or link: a, b, c, d, e and 1 more\.$/);
  });

  it("is deleted when it cannot be filled, and is never in state without its files", async () => {
    for (const code of [1, 7, 9]) {
      const context = living({ status: "error", error: code, message: "The files do not fit", uuid: "v1" });
      const error: unknown = await volume.create(context, await filled()).catch((one: unknown) => one);
      assert.ok(error instanceof UnikernelError && !(error instanceof ResourceInitFailedError), String(error));
      assert.equal(error.property, "contentFrom");
      assert.match(error.message, /The files do not fit/);
      assert.ok(
        context.calls.some((call) => call.startsWith("deleteVolumes")),
        context.calls.join(),
      );
    }
  });

  it("is refused by a preview and by a create where it cannot work, before anything is created", async () => {
    const file = path.join(folder, "file");
    await fs.writeFile(file, "");
    for (const [metro, contentFrom, expected] of [
      ["fra", path.join(folder, "apps"), /^only the metro "local" can fill a volume from a folder; the API of "fra"/],
      ["local", path.join(folder, "nowhere"), /nowhere' does not exist\. Use the path of a folder/],
      ["local", file, /file' is not a folder\./],
    ] as const) {
      const context = living(item, metro);
      const { inputs } = await inputsWith({ sizeMb: 64, contentFrom });
      const found = await volume.inspectInputs?.(context, undefined, inputs);
      assert.match(found?.failures?.[0]?.reason ?? "", expected);
      await assert.rejects(volume.create(context, inputs), (error: unknown) =>
        UnikernelError.has(error, "INPUT_INVALID"),
      );
      assert.deepEqual(context.calls, []);
    }
  });

  it("needs a size, has no other origin, and keeps its files when the program changes", async () => {
    assert.match((await inputsWith({ contentFrom: "x" })).failures.join(), /^sizeMb: required/);
    const two = await inputsWith({ sizeMb: 1, cloneFrom: "a", contentFrom: "x" });
    assert.match(two.failures.join(), /^contentFrom: cannot be combined with cloneFrom/);
    const changed = await inputsWith({ sizeMb: 64, contentFrom: "./other" }, await filled());
    assert.match(changed.failures.join(), /^contentFrom: cannot change .* would replace the volume and lose its data/);
  });
});
