import assert from "node:assert/strict";
import { type OperationResult, type Stack, changingSteps, openStack, assertSucceeded } from "../../support/engine";
import { TestProject } from "../../support/project";
import { type FakeVolumeApi, startFakeVolumeApi } from "../../support/fakeVolumeApi";

const TOKENS = {
  stack: "t0ken-of-the-stack",
  east: "t0ken-of-the-east",
  west: "t0ken-of-the-west",
  eastNext: "t0ken-of-the-east-rotated",
  environment: "t0ken-of-the-environment",
} as const;

const opsOf = (result: OperationResult) =>
  changingSteps(result)
    .map(({ op, name }) => `${op} ${name}`)
    .sort();

/** Names as the program gave them, without the digits of its identity. */
const heldBy = (api: FakeVolumeApi) =>
  [...api.volumes.values()].map((name) => name.replace(/-[0-9a-f]{7}$/, "")).sort();

const tokensSeenBy = (api: FakeVolumeApi) =>
  [...new Set(api.requests.map(({ authorization }) => authorization))].sort();

describe("several providers in one program", function () {
  this.timeout(300_000);
  let home: FakeVolumeApi;
  let east: FakeVolumeApi;
  let west: FakeVolumeApi;
  let north: FakeVolumeApi;
  let project: TestProject;
  /** Everything that any operation printed. */
  let printed = "";

  before(async () => {
    home = await startFakeVolumeApi();
    east = await startFakeVolumeApi();
    west = await startFakeVolumeApi();
    north = await startFakeVolumeApi();
    project = await TestProject.copy("test/fixtures/projects/metros");
  });
  after(async () => {
    await project.remove();
    for (const api of [home, east, west, north]) await api[Symbol.asyncDispose]();
  });
  beforeEach(() => {
    for (const api of [home, east, west, north]) api.requests.length = 0;
  });

  const stackWith = ({ eastToken = TOKENS.east as string, westUrl = west.url, mover = "east" }): Stack =>
    openStack({
      project: project.folder,
      stack: "test",
      environment: { UKC_METRO: undefined, UKC_TOKEN: undefined },
      config: {
        "unikernel:metro": home.url,
        "unikernel:token": { secret: TOKENS.stack },
        "other:token": { secret: "somebody-elses" },
        "metros:east": east.url,
        "metros:west": westUrl,
        "metros:eastToken": { secret: eastToken },
        "metros:westToken": { secret: TOKENS.west },
        "metros:mover": mover,
      },
      onOutput: (text) => (printed += text),
    });

  it("sends each resource to its own metro with its own token", async () => {
    assertSucceeded(await stackWith({}).up());
    assert.deepEqual(heldBy(home), ["at-default"]);
    assert.deepEqual(heldBy(east), ["at-east", "at-half", "mover"]);
    assert.deepEqual(heldBy(west), ["at-west", "in-component"]);
    assert.deepEqual(tokensSeenBy(home), [`Bearer ${TOKENS.stack}`]);
    assert.deepEqual(tokensSeenBy(west), [`Bearer ${TOKENS.west}`]);
    // One of its Providers has no token.
    assert.deepEqual(tokensSeenBy(east), [`Bearer ${TOKENS.east}`, `Bearer ${TOKENS.stack}`]);
  });

  it("finds no changes on the second run", async () => {
    assert.deepEqual(opsOf(assertSucceeded(await stackWith({}).up({ expectNoChanges: true }))), []);
  });

  it("changes a provider's token without touching a resource, and then uses the new one", async () => {
    const stack = stackWith({ eastToken: TOKENS.eastNext });
    assert.deepEqual(opsOf(assertSucceeded(await stack.up())), ["update east"]);
    assert.deepEqual(heldBy(east), ["at-east", "at-half", "mover"]);
    east.requests.length = 0;
    assert.deepEqual(opsOf(assertSucceeded(await stack.refresh({ expectNoChanges: true }))), []);
    assert.deepEqual(tokensSeenBy(east), [`Bearer ${TOKENS.eastNext}`, `Bearer ${TOKENS.stack}`]);
  });

  it("replaces a resource when its provider changes: creates it there, then deletes it here", async () => {
    const stack = stackWith({ eastToken: TOKENS.eastNext, mover: "west" });
    const moving = ["create-replacement mover", "delete-replaced mover", "replace mover"];
    assert.deepEqual(opsOf(assertSucceeded(await stack.preview())), moving);
    assert.deepEqual(opsOf(assertSucceeded(await stack.up())), moving);
    assert.deepEqual(heldBy(east), ["at-east", "at-half"]);
    assert.deepEqual(heldBy(west), ["at-west", "in-component", "mover"]);
    const calls = [...east.requests, ...west.requests].filter(({ method }) => method !== "GET");
    assert.deepEqual(
      calls.map(({ method, authorization }) => [method, authorization]),
      [
        ["DELETE", `Bearer ${TOKENS.eastNext}`],
        ["POST", `Bearer ${TOKENS.west}`],
        // Marks it as finished.
        ["PATCH", `Bearer ${TOKENS.west}`],
      ],
    );
    assert.deepEqual(opsOf(assertSucceeded(await stack.refresh({ expectNoChanges: true }))), []);
  });

  it("rejects another metro for a provider that owns resources, and recovers when it is set back", async () => {
    const held = heldBy(west);
    const rejected = await stackWith({ eastToken: TOKENS.eastNext, westUrl: north.url, mover: "west" }).up();
    assert.equal(rejected.succeeded, false);
    assert.ok(rejected.output.includes(`is in metro '${west.url}'`), rejected.output);
    assert.match(rejected.output, /CONFIG_INVALID/);
    assert.deepEqual([heldBy(west), heldBy(north), north.requests], [held, [], []]);
    const back = assertSucceeded(await stackWith({ eastToken: TOKENS.eastNext, mover: "west" }).up());
    assert.deepEqual(
      opsOf(back).filter((op) => op !== "update west"),
      [],
    );
  });

  it("encrypts every token in state and prints none", async () => {
    const state = await project.readStoredState();
    for (const token of Object.values(TOKENS)) {
      assert.ok(!state.includes(token), token);
      assert.ok(!printed.includes(token), token);
    }
    assert.match(state, new RegExp(`"unikernel:metro": ?"${east.url}"`));
  });

  it("deletes each resource in its own metro", async () => {
    assertSucceeded(await stackWith({ eastToken: TOKENS.eastNext, mover: "west" }).destroy());
    for (const api of [home, east, west, north]) assert.deepEqual(heldBy(api), []);
  });
});

describe("a program without providers", function () {
  this.timeout(300_000);
  let api: FakeVolumeApi;
  let project: TestProject;

  beforeEach(async () => {
    api = await startFakeVolumeApi();
    project = await TestProject.copy("test/fixtures/projects/many");
  });
  afterEach(async () => {
    await project.remove();
    await api[Symbol.asyncDispose]();
  });

  const stackIn = (environment: Record<string, string | undefined>, config: Record<string, string> = {}): Stack =>
    openStack({
      project: project.folder,
      stack: "test",
      environment: { UKC_METRO: undefined, UKC_TOKEN: undefined, ...environment },
      config: { "many:count": "1", "many:url": "http://127.0.0.1:1", "many:form": "library", ...config },
    });

  it("takes metro and token from the environment and stores no token", async () => {
    const stack = stackIn({ UKC_METRO: api.url, UKC_TOKEN: TOKENS.environment });
    const up = assertSucceeded(await stack.up());
    assert.deepEqual([...api.volumes.values()], ["data-0"]);
    assert.deepEqual(tokensSeenBy(api), [`Bearer ${TOKENS.environment}`]);
    const state = await project.readStoredState();
    for (const text of [state, up.output]) assert.ok(!text.includes(TOKENS.environment));
    assertSucceeded(await stack.destroy());
    assert.equal(api.volumes.size, 0);
  });

  it("prefers the stack's configuration over the environment", async () => {
    const stack = stackIn(
      { UKC_METRO: "http://127.0.0.1:1", UKC_TOKEN: TOKENS.environment },
      { "unikernel:metro": api.url, "unikernel:token": TOKENS.stack },
    );
    assertSucceeded(await stack.up());
    assert.deepEqual(tokensSeenBy(api), [`Bearer ${TOKENS.stack}`]);
    assertSucceeded(await stack.destroy());
  });

  it("fails without a token before any request, and explains how to set one", async () => {
    const result = await stackIn({ UKC_METRO: api.url }).up();
    assert.equal(result.succeeded, false);
    assert.match(result.output, /No token for metro 'http:\/\/127\.0\.0\.1:\d+' \(from UKC_METRO\)/);
    assert.match(result.output, /pulumi config set --secret unikernel:token/);
    assert.match(result.output, /CONFIG_INVALID/);
    assert.deepEqual(api.requests, []);
    assert.deepEqual(
      (await stackIn({}).state()).resources.filter(({ type }) => type.endsWith("unikernel:Volume")),
      [],
    );
  });
});
