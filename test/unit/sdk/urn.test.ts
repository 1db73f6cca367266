import assert from "node:assert/strict";
import * as pulumi from "@pulumi/pulumi";
import * as keys from "../../../provider/definition/internalKeys";
import * as unikernel from "../../../sdk";
import { urnOf } from "../../../sdk/registration/urn";

const VOLUME = "pulumi-nodejs:dynamic/unikernel:Volume";
const registered = new Map<string, Readonly<Record<string, unknown>>>();

const registeredAs = async (resource: pulumi.Resource, name: string) => {
  await (resource.urn as unknown as { promise(): Promise<string> }).promise();
  const inputs = registered.get(name);
  assert.ok(inputs !== undefined, `${name} was registered`);
  return inputs;
};

const mock = (organization?: string): Promise<void> =>
  pulumi.runtime.setMocks(
    {
      newResource: ({ type, name, inputs }) => {
        if (name === "refused") throw new Error("refused by the mock");
        registered.set(`${type} ${name}`, inputs as Readonly<Record<string, unknown>>);
        registered.set(name, inputs as Readonly<Record<string, unknown>>);
        return { id: name, state: inputs as object };
      },
      call: () => ({}),
    },
    "shop",
    "dev",
    false,
    organization,
  );

class Site extends pulumi.ComponentResource {
  constructor(name: string, opts?: pulumi.ComponentResourceOptions) {
    super("my:site:Site", name, {}, opts);
  }
}

describe("the URN that a resource passes", () => {
  before(() => mock());
  beforeEach(() => registered.clear());
  afterEach(() => pulumi.runtime.setAllConfig({}));

  it("is the engine's, without parent and under each", async () => {
    const site = new Site("si::te");
    const inner = new Site("inner", { parent: site });
    const stack = new pulumi.ComponentResource("pulumi:pulumi:Stack", "shop-dev");
    for (const [name, parent, types] of [
      ["at-root", undefined, VOLUME],
      ["in-stack", stack, VOLUME],
      ["in-site", site, `my:site:Site$${VOLUME}`],
      ["in-both", inner, `my:site:Site$my:site:Site$${VOLUME}`],
    ] as const) {
      const volume = new unikernel.Volume(name, { sizeMb: 1 }, parent === undefined ? {} : { parent });
      const inputs = await registeredAs(volume, name);
      const expected = `urn:pulumi:dev::shop::${types}::${name}`;
      assert.equal(inputs[keys.URN_KEY], expected);
      assert.equal(keys.RESOURCE_NAME_KEY in inputs, false);
    }
  });

  it("is below another resource of this package", async () => {
    const data = new unikernel.Volume("data", { sizeMb: 1 });
    const copy = new unikernel.Volume("copy", { cloneFrom: data.id }, { parent: data });
    const urn = (await registeredAs(copy, "copy"))[keys.URN_KEY];
    assert.equal(urn, `urn:pulumi:dev::shop::${VOLUME}$${VOLUME}::copy`);
  });

  it("keeps what a name contains", () => {
    assert.equal(keys.resourceNameIn({ [keys.URN_KEY]: urnOf(VOLUME, "a::b", undefined) }), "a::b");
    assert.equal(keys.resourceNameIn({ [keys.RESOURCE_NAME_KEY]: "data" }), "data", "state of an earlier release");
    assert.equal(keys.resourceNameIn({}), undefined);
  });

  it("rejects with its parent, once somebody awaits it", async () => {
    const parent = new unikernel.Volume("refused", { sizeMb: 1 });
    const urn = urnOf(VOLUME, "below", parent);
    await assert.rejects((parent.urn as unknown as { promise(): Promise<string> }).promise(), /refused by the mock/);
    await new Promise((resolve) => setImmediate(resolve));
    await assert.rejects(Promise.resolve(urn), /refused by the mock/);
  });

  it("is that of a look-up too", async () => {
    const volume = unikernel.Volume.get("found", "data");
    assert.equal((await registeredAs(volume, "found"))[keys.URN_KEY], `urn:pulumi:dev::shop::${VOLUME}::found`);
  });

  it("comes with the stack's owner: its setting, else its organization", async () => {
    const ownerOf = async (name: string) =>
      (await registeredAs(new unikernel.Volume(name, { sizeMb: 1 }), name))[keys.OWNER_KEY];
    assert.equal(await ownerOf("none"), undefined, "the constant of backends without organizations");
    await mock("acme");
    assert.equal(await ownerOf("organization"), "acme");
    pulumi.runtime.setAllConfig({ "unikernel:owner": "team-a" });
    assert.equal(await ownerOf("setting"), "team-a");
  });
});
