/** An update that starts an instance notes that on it, so that a refresh after a kill is not taken in by the stopped instance. */
import assert from "node:assert/strict";
import { check } from "../../../../provider/definition/check";
import { PENDING_START_KEY } from "../../../../provider/definition/initFailed";
import { instance } from "../../../../provider/resources/instance/resource";
import type { InstanceInputs } from "../../../../provider/resources/instance/inputs";
import { FakeInstances } from "../../../support/fakeInstances";

const OWNERSHIP = { stackHash: "0123456789ab", resourceHash: "0123456789abcdef", hasDerivedName: true };
const [FINISHED, RESTARTING] = ["", ":restarting-0"].map((phase) => `pulumi:0123456789ab:0123456789abcdef${phase}`);

const checked = async (args: object): Promise<InstanceInputs> =>
  (await check(instance, {}, { name: "web", image: "acme/web:1", ...args }, undefined)).inputs as InstanceInputs;

describe("an update that starts an instance", () => {
  let api: FakeInstances;
  beforeEach(() => (api = new FakeInstances()));

  /** The tags after each request that changes something, for a change from the first arguments to the second ones. */
  async function tagsDuring(before: object, after: object): Promise<readonly (readonly [string, readonly string[]])[]> {
    const context = { ...api.context, ownership: OWNERSHIP };
    const [inputs, news] = [await checked(before), await checked(after)];
    const { id, outputs } = await instance.create(context, inputs);
    const seen: (readonly [string, readonly string[]])[] = [];
    const tags = (): readonly string[] => ((api.only.tags ?? []) as readonly string[]).toSorted();
    api.fault = (entry) => void seen.push([entry, tags()]);
    await instance.update(context, id, { inputs, outputs }, news);
    seen.push(["end", tags()]);
    return seen;
  }

  it("notes it before the stop, keeps the note until it runs, and removes it, with the tags of the program", async () => {
    const seen = await tagsDuring({ env: { A: "1" }, tags: ["a"] }, { env: { A: "2" }, tags: ["b"] });
    const during = (entry: string) => seen.find(([one]) => one.startsWith(entry))?.[1];
    assert.deepEqual(during("stop"), ["a", RESTARTING]);
    assert.deepEqual(during("start"), ["b", RESTARTING]);
    assert.deepEqual(during("end"), ["b", FINISHED]);
  });

  it("notes nothing for a change in place", async () => {
    const seen = await tagsDuring({ tags: ["a"] }, { tags: ["b"] });
    assert.ok(seen.every(([, tags]) => !tags.some((tag) => tag === RESTARTING)));
  });

  it("is left to be done after a refresh while the note is there", async () => {
    const context = { ...api.context, ownership: OWNERSHIP };
    const inputs = await checked({});
    const { id, outputs } = await instance.create(context, inputs);
    const pending = async () =>
      ((await instance.read(context, id, inputs, outputs))?.outputs as Record<string, unknown>)[PENDING_START_KEY];
    assert.equal(await pending(), undefined);
    Object.assign(api.only, { state: "stopped", tags: [RESTARTING], start_count: 1 });
    assert.equal(await pending(), undefined, "it was started, and somebody stopped it since");
    api.only.start_count = 0;
    assert.equal(await pending(), true);
    const killed = { inputs, outputs: { ...outputs, state: "stopped", [PENDING_START_KEY]: true } };
    await instance.update(context, id, killed, inputs);
    assert.deepEqual([api.only.state, api.only.tags], ["running", [FINISHED]]);
  });
});
