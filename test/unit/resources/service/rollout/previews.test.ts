/** What previews say of a rollout of settings alone that ended early: the image is the same before and after. */
import assert from "node:assert/strict";
import { diff } from "../../../../../provider/definition/diff";
import { ResourceInitFailedError } from "../../../../../provider/definition/initFailed";
import type { ProviderContext } from "../../../../../provider/resources/context";
import { service } from "../../../../../provider/resources/service/resource";
import { FakeServiceGroup, SERVICE } from "../../../../support/fakeServiceGroup";
import { type Inputs, type State, checkedInputs } from "../../../../support/reloadedService";
import { contextWithClient } from "../../../../support/resourceContext";

const image = `oci://registry.test/web@sha256:${"1".repeat(64)}`;

describe("the preview after a rollout of settings that ended early", () => {
  let cluster: FakeServiceGroup;
  let context: ProviderContext;
  beforeEach(() => {
    cluster = new FakeServiceGroup();
    context = contextWithClient(cluster.client, cluster.clock);
  });

  const program = (VERSION: string): Promise<Inputs> =>
    checkedInputs({
      ports: [{ port: 80, handlers: ["http"] }],
      template: { image, env: { VERSION } },
      rollout: { onFailure: "pause" },
    });
  const preview = ({ inputs, outputs }: State, news: Inputs) =>
    diff(service, inputs, news).length === 0 ? [] : service.describeUpdate?.(inputs, news, outputs);
  const versions = () => cluster.items().map(({ env }) => env?.["VERSION"]);
  const refresh = async ({ inputs, outputs }: State): Promise<State> => {
    const found = await service.read(context, SERVICE.uuid, inputs, outputs);
    assert.ok(found !== undefined);
    return { inputs: found.inputs, outputs: found.outputs };
  };

  /** Rolls version 2 out, and lets its second replica fail. Returns the state before, and the one after. */
  async function endEarly(): Promise<{ readonly before: State; readonly left: State }> {
    const inputs = await program("1");
    const before = { inputs, outputs: (await service.create(context, inputs)).outputs };
    let launches = 0;
    cluster.onCreate = () => {
      launches += 1;
      if (launches > 1) throw new Error("The metro is full.");
      return "respond";
    };
    const error: unknown = await service
      .update(context, SERVICE.uuid, before, await program("2"))
      .catch((e: unknown) => e);
    assert.ok(error instanceof ResourceInitFailedError, String(error));
    cluster.onCreate = () => "respond";
    assert.deepEqual(versions(), ["1", "1", "2"]);
    return { before, left: { inputs: error.outputs, outputs: error.outputs } as unknown as State };
  }

  const ON = "with another template, on sha256:111111111111…; roll the changed template out to 3 replicas (rolling)";
  const STATES = [
    ["the failed update recorded", ({ left }) => Promise.resolve(left)],
    ["a refresh found after the update was killed", ({ before }) => refresh(before)],
    ["a refresh found after the update failed", ({ left }) => refresh(left)],
  ] as const satisfies readonly (readonly [string, (ends: Awaited<ReturnType<typeof endEarly>>) => Promise<State>])[];
  for (const [what, stateOf] of STATES)
    for (const [version, count] of [
      ["2", 2],
      ["1", 1],
    ] as const)
      it(`counts the replicas that version ${version} replaces, by what ${what}`, async () => {
        const left = await stateOf(await endEarly());
        const news = await program(version);
        const [text = ""] = preview(left, news) ?? [];
        assert.ok(text.startsWith(`finish the roll: ${count} of 3 still ${ON}`), text);
        const launchedBefore = cluster.log.filter((entry) => entry.startsWith("create")).length;
        const after = { inputs: news, outputs: await service.update(context, SERVICE.uuid, left, news) };
        assert.equal(cluster.log.filter((entry) => entry.startsWith("create")).length - launchedBefore, count);
        assert.deepEqual(versions(), [version, version, version]);
        assert.deepEqual(preview(after, news), []);
        assert.deepEqual(preview(await refresh(after), news), []);
      });

  it("names a replica that was changed by hand", async () => {
    const inputs = await program("1");
    const state = { inputs, outputs: (await service.create(context, inputs)).outputs };
    const [held] = cluster.instances.values();
    assert.ok(held !== undefined);
    held.override = { env: { VERSION: "by hand" } };
    const [text = ""] = preview(await refresh(state), inputs) ?? [];
    assert.match(text, /^finish the roll: 1 of 3 still with another template/);
  });
});
