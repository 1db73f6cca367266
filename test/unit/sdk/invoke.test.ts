/** Functions in a preview: an object that is not created yet cannot be read. */
import assert from "node:assert/strict";
import * as pulumi from "@pulumi/pulumi";
import nock from "nock";
import * as unikernel from "../../../sdk";

const URL = "https://api.metro.test";

/** An output in a preview: its value, or unknown. */
async function previewed<T>(output: pulumi.Output<T>): Promise<T | "not known"> {
  const inner = output as unknown as { promise(): Promise<T>; isKnown: Promise<boolean> };
  return (await inner.isKnown) ? inner.promise() : "not known";
}

/** A component with one volume, which is created after its constructor has returned. */
class Holder extends pulumi.ComponentResource<string> {
  constructor(name: string, volume: string) {
    super("test:index:Holder", name, { volume });
    this.registerOutputs();
  }

  protected override async initialize({ volume }: pulumi.Inputs): Promise<string> {
    await new Promise((resolve) => setImmediate(resolve));
    new unikernel.Volume(String(volume), { sizeMb: 1 }, { parent: this });
    return "done";
  }
}

describe("a function in a preview", () => {
  const setMocks = (isPreview: boolean) =>
    pulumi.runtime.setMocks(
      {
        // The engine has no id for an object that does not exist yet.
        newResource: ({ name, inputs }) => ({
          id: name.startsWith("new") ? undefined : `${name}-id`,
          state: inputs as object,
        }),
        call: () => ({}),
      },
      "project",
      "stack",
      isPreview,
    );
  let provider: unikernel.Provider;
  before(async () => {
    await setMocks(true);
    provider = new unikernel.Provider("metro", { metro: URL, token: "t0ken" });
  });
  after(() => setMocks(false));
  afterEach(() => nock.cleanAll());

  const nameOf = (found: pulumi.Output<{ readonly name: string }>) => previewed(found.apply(({ name }) => name));
  const readVolume = (dependsOn: pulumi.InvokeOutputOptions["dependsOn"]) =>
    nameOf(unikernel.getVolumeOutput({ name: "web" }, { provider, ...(dependsOn === undefined ? {} : { dependsOn }) }));
  const mockVolume = () =>
    nock(URL)
      .get("/v1/volumes?name=web")
      .reply(200, {
        status: "success",
        data: { volumes: [{ status: "success", uuid: "u", name: "web", state: "available", size_mb: 1 }] },
      });

  it("waits for a dependency that is not created yet", async () => {
    assert.equal(await readVolume(new unikernel.Volume("new-1", { sizeMb: 1 })), "not known");
    assert.equal(await readVolume([pulumi.output(new unikernel.Volume("new-2", { sizeMb: 1 }))]), "not known");
  });

  it("waits for the children of a component dependency, at any depth", async () => {
    assert.equal(await readVolume(new Holder("holder-1", "new-3")), "not known");
    const outer = new pulumi.ComponentResource("test:index:Outer", "outer");
    const inner = new pulumi.ComponentResource("test:index:Inner", "inner", {}, { parent: outer });
    new unikernel.Volume("new-4", { sizeMb: 1 }, { parent: inner });
    assert.equal(await readVolume([outer]), "not known");
  });

  it("waits for the resource that a known argument comes from", async () => {
    const volume = new unikernel.Volume("new-5", { sizeMb: 1, name: "web" });
    assert.equal(await previewed(volume.name), "web");
    assert.equal(await nameOf(unikernel.getVolumeOutput({ name: volume.name }, { provider })), "not known");
  });

  it("is called if every dependency exists", async () => {
    for (const dependsOn of [
      undefined,
      new unikernel.Volume("old-1", { sizeMb: 1 }),
      [new Holder("holder-2", "old-2"), new unikernel.Volume("old-3", { sizeMb: 1 })],
    ]) {
      mockVolume();
      assert.equal(await readVolume(dependsOn), "web");
    }
  });
});
