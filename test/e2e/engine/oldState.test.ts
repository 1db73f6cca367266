/**
 * States written by release f2a07b2, with the real engine: their programs find nothing to change, and a change in a program is
 * applied in place. None of the objects exist here: a preview without changes sends no request.
 */
import assert from "node:assert/strict";
import * as fs from "node:fs/promises";
import * as path from "node:path";
import { withTemporaryFolder } from "../../../provider/base/files";
import { planBuild } from "../../../provider/image/build/planBuild";
import { type OperationResult, assertSucceeded, changingSteps } from "../../support/engine";
import { startFakeApi } from "../../support/fakeApi";
import { givenTexts } from "../../support/givenFiles";
import { type Items, announceDaemon, recordedResponse } from "../../support/fakeDaemon";
import { type Deployment, OldProject, type OldStateName, readDeployment } from "../../support/oldState";

type Json = Readonly<Record<string, unknown>>;

const opsOf = (result: OperationResult): readonly string[] =>
  changingSteps(result)
    .map(({ op, name }) => `${op} ${name}`)
    .sort();

/** The state with other outputs of some resources, as last read. */
function withOutputs(state: Deployment, changes: Readonly<Record<string, (outputs: Json) => Json>>): Deployment {
  const resources = state.deployment.resources.map((resource) => {
    const change = changes[resource.urn.split("::").at(-1) ?? ""];
    return change === undefined ? resource : { ...resource, outputs: change(resource.outputs ?? {}) };
  });
  return { ...state, deployment: { ...state.deployment, resources } };
}

/**
 * The state as if this release had built its images: the older one hashed their inputs otherwise, so that they are built once more
 * (contract/pulumi/oldState.test.ts), and whatever boots them changes.
 */
async function withBuiltImages(state: Deployment, folder: string): Promise<Deployment> {
  const resources = await Promise.all(
    state.deployment.resources.map(async (resource) => {
      const { context, files } = resource.inputs ?? {};
      if (!resource.type.endsWith(":GatewayImage") || typeof context !== "string") return resource;
      const { contextHash } = await withTemporaryFolder((scratch) =>
        planBuild({
          context: path.join(folder, context),
          files: givenTexts(files as Record<string, string>),
          name: "site",
          scratch,
        }),
      );
      const built = (values: Json = {}): Json => ({ ...values, contextHash });
      return { ...resource, inputs: built(resource.inputs), outputs: built(resource.outputs) };
    }),
  );
  return { ...state, deployment: { ...state.deployment, resources } };
}

describe("the real engine with state of an older release", function () {
  this.timeout(300_000);
  let project: OldProject;

  /** The program's stack as the older release left it. */
  async function open(name: OldStateName, change: (state: Deployment) => Deployment = (state) => state) {
    project = await OldProject.open(name);
    const stack = project.stack();
    const state = change(await withBuiltImages(await readDeployment(name), project.folder));
    await stack.importState(state);
    return { stack, count: state.deployment.resources.filter(({ urn }) => !urn.includes("::default")).length };
  }
  afterEach(async () => {
    assert.equal(await project.hasPlatform(), false, "nothing asked for the local platform");
    await project.remove();
  });

  it("has nothing to change in a preview and after an update", async () => {
    const { stack, count } = await open("everything");
    const preview = assertSucceeded(await stack.preview({ expectNoChanges: true }));
    assert.deepEqual([opsOf(preview), preview.changes], [[], { same: count }]);
    const up = assertSucceeded(await stack.up({ expectNoChanges: true }));
    assert.deepEqual([opsOf(up), up.changes], [[], { same: count }]);
    // The state after the update: new inputs and old outputs.
    const again = assertSucceeded(await stack.preview({ expectNoChanges: true }));
    assert.deepEqual([opsOf(again), again.changes], [[], { same: count }]);
  });

  it("has nothing to change of cloud-only features", async () => {
    const { stack, count } = await open("cloud");
    const preview = assertSucceeded(await stack.preview({ expectNoChanges: true }));
    assert.deepEqual([opsOf(preview), preview.changes], [[], { same: count }]);
  });

  it("updates in place if the program changes a time, a tag or a file", async () => {
    const { stack } = await open("everything");
    await project.edit({
      "drainTimeoutMs: 2500": "drainTimeoutMs: 2501",
      "stableForMs: 1500": "stableForMs: 1600",
      "healthyWithinMs: 240_000": "healthyWithinMs: 241_000",
      "rollout: { drainTimeoutMs: 0 }": "rollout: { drainTimeoutMs: 1000 }",
      "cooldownTimeMs: 3000": "cooldownTimeMs: 3001",
      'tags: ["copy"]': 'tags: ["copied"]',
      '"/www/version": "one"': '"/www/version": "two"',
      "autokill: { timeMs: 5_400_000 }": "autokill: { timeMs: 5_400_001 }",
    });
    const preview = assertSucceeded(await stack.preview());
    const changed = preview.steps.filter(({ op }) => op !== "same");
    assert.deepEqual(
      changed.filter(({ name, replaceKeys, op }) => name !== "job" && (op !== "update" || replaceKeys.length > 0)),
      [],
    );
    // A job runs again with another image, so it is replaced.
    const ofJob = changed.flatMap(({ name, replaceKeys }) => (name === "job" ? replaceKeys : []));
    assert.deepEqual([...new Set(ofJob)], ["image"]);
    const own = ["copy", "front", "full", "owned", "partly", "rolled", "scaled", "site"];
    // The image has a new reference, so everything that boots it changes too.
    const booting = ["bare", "job", "member", "pair-instance", "plain"];
    assert.deepEqual([...new Set(changed.map(({ name }) => name))].sort(), [...own, ...booting].sort());
  });

  it("shows only the differences between state and program", async () => {
    const { stack } = await open("everything", (state) =>
      withOutputs(state, {
        data: (outputs) => ({ ...outputs, tags: ["other"] }),
        rolled: (outputs) => ({ ...outputs, softLimit: 2 }),
        "pair-instance": (outputs) => ({ ...outputs, drainTimeoutMs: 701 }),
        named: (outputs) => ({ ...outputs, contextHash: "sha256:0" }),
        front: (outputs) => ({ ...outputs, hardLimit: 51 }),
      }),
    );
    assert.deepEqual(opsOf(assertSucceeded(await stack.preview())), [
      "update data",
      "update front",
      "update full", // it boots the image, which has a new reference
      "update named",
      "update pair-instance",
      "update rolled",
    ]);
  });

  it("completes a partial failure in place", async () => {
    const { stack } = await open("partialFailure");
    const preview = assertSucceeded(await stack.preview());
    assert.deepEqual(opsOf(preview), ["update changed", "update created", "update rolled"]);
    assert.match(preview.output, /Instance 'changed': the update will start it\./);
  });

  it("keeps look-ups unchanged while only counters change, also with a refresh", async () => {
    const { stack } = await open("lookUps");
    const recorded = JSON.parse(
      await fs.readFile(path.join(project.folder, "lookUps.responses.json"), "utf8"),
    ) as Items;
    const [instance] = recorded["instances"] ?? [];
    let items: Items = { ...recorded, instances: [{ ...instance, start_count: 7 }] };
    await using api = await startFakeApi((request) => recordedResponse(items, request));
    await announceDaemon(api, project.platform);
    const refresh = assertSucceeded(await stack.refresh({ expectNoChanges: true }));
    assert.deepEqual([opsOf(refresh), refresh.changes], [[], { same: 7 }]);
    const preview = assertSucceeded(await stack.preview({ expectNoChanges: true }));
    assert.deepEqual(opsOf(preview), []);
    items = { ...recorded, instances: [{ ...instance, memory_mb: 112 }] };
    const drifted = assertSucceeded(await stack.refresh());
    assert.deepEqual(opsOf(drifted), ["update by-id", "update by-name"]);
    assert.deepEqual(
      [...new Set(api.requests.map(({ method }) => method))],
      ["GET"],
      "what is looked up is read, and that is all",
    );
    await fs.rm(project.platform, { recursive: true });
  });
});
