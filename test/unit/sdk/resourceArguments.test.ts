/** Resources as arguments: what reaches the engine of a GatewayImage that is given as `image`. */
import assert from "node:assert/strict";
import * as pulumi from "@pulumi/pulumi";
import { check } from "../../../provider/definition/check";
import { resources } from "../../../provider/resources/all";
import * as unikernel from "../../../sdk";

type Inputs = Record<string, unknown>;

const LOGIN = { username: "ann", password: pulumi.secret("s3cret-Value") };
const PORTS = [{ port: 8080 }];
const registered = new Map<string, Inputs>();

const whole = <T>(output: pulumi.Output<T>): Promise<T> => new Promise((resolve) => void output.apply(resolve));

/** Waits for the registration and returns the inputs that the engine got, without the marks of secrets. */
async function inputsOf(resource: pulumi.CustomResource, name: string): Promise<Inputs> {
  await whole(resource.urn);
  return unmark(registered.get(name)) as Inputs;
}

/** The mock engine's form of a secret. Source: @pulumi/pulumi runtime/rpc.ts, specialSigKey. */
function unmark(value: unknown): unknown {
  if (value === null || typeof value !== "object") return value;
  if (Array.isArray(value)) return value.map(unmark);
  const members = value as Inputs;
  if ("4dabf18193072939515e22adb298388d" in members && "value" in members) return unmark(members["value"]);
  return Object.fromEntries(Object.entries(members).map(([key, member]) => [key, unmark(member)]));
}

const isMarked = (name: string): boolean =>
  JSON.stringify(registered.get(name)).includes("1b47061264138c4ac30d75fd1eb44270");

for (const isPreview of [false, true]) {
  describe(`a GatewayImage as 'image', ${isPreview ? "in a preview" : "in an update"}`, () => {
    before(async () => {
      await pulumi.runtime.setMocks(
        {
          newResource: ({ name, inputs }) => {
            registered.set(name, inputs as Inputs);
            return { id: `${name}-id`, state: { ...(inputs as object), ref: `${name}@sha256:0` } };
          },
          call: () => ({}),
        },
        "project",
        "stack",
        isPreview,
      );
    });
    beforeEach(() => registered.clear());

    const image = (more: Partial<unikernel.GatewayImageArgs> = {}) =>
      new unikernel.GatewayImage("site", { context: ".", ...more });

    it("gives its ref alone if it has no credentials", async () => {
      const instance = new unikernel.Instance("one", { image: image() });
      const { image: ref, imagePull } = await inputsOf(instance, "one");
      assert.deepEqual([ref, imagePull], ["site@sha256:0", undefined]);
    });

    it("brings its credentials along, as a secret, to an Instance and to a template", async () => {
      const site = image({ registryCredentials: LOGIN });
      const instance = await inputsOf(new unikernel.Instance("one", { image: site }), "one");
      assert.equal(isMarked("one"), true);
      const service = new unikernel.Service("web", { ports: PORTS, template: { image: site, memoryMb: 64 } });
      const { template } = await inputsOf(service, "web");
      const expected = {
        image: "site@sha256:0",
        imagePull: { credentials: { username: "ann", password: "s3cret-Value" } },
      };
      assert.deepEqual({ image: instance["image"], imagePull: instance["imagePull"] }, expected);
      assert.deepEqual(template, { ...expected, memoryMb: 64 });
      const checked = await check(resources.Service, {}, { ports: PORTS, template });
      assert.deepEqual(checked.failures, []);
    });

    it("brings none to who asks for the ref, and leaves what the program sets", async () => {
      const site = image({ registryCredentials: LOGIN });
      const plain = await inputsOf(new unikernel.Instance("plain", { image: site.ref }), "plain");
      assert.equal(plain["imagePull"], undefined);
      for (const imagePull of [
        { policy: "always" as const, credentials: "own" },
        pulumi.output({ policy: "always" as const, credentials: "own" }),
      ]) {
        const own = await inputsOf(new unikernel.Instance("own", { image: site, imagePull }), "own");
        assert.deepEqual(own["imagePull"], { policy: "always", credentials: "own" });
      }
      const policy = { policy: "always" as const };
      const partly = await inputsOf(new unikernel.Instance("partly", { image: site, imagePull: policy }), "partly");
      assert.deepEqual(partly["imagePull"], {
        ...policy,
        credentials: { username: "ann", password: "s3cret-Value" },
      });
    });

    it("is found in a template that is an output, and in a template's preparation", async () => {
      const site = image({ registryCredentials: LOGIN });
      const later = pulumi.output({ image: site, memoryMb: 64 });
      const service = new unikernel.Service("web", { ports: PORTS, template: later });
      assert.deepEqual((await inputsOf(service, "web"))["template"], {
        image: "site@sha256:0",
        imagePull: { credentials: { username: "ann", password: "s3cret-Value" } },
        memoryMb: 64,
      });
      const clone = new unikernel.Instance("clone", { template: "web", prepareTemplate: { image: site } });
      assert.deepEqual((await inputsOf(clone, "clone"))["prepareTemplate"], { image: "site@sha256:0" });
    });

    it("cannot be inside an output, which JavaScript allows", async () => {
      const later = pulumi.output(image()) as unknown as pulumi.Output<string>;
      for (const resource of [
        new unikernel.Instance("late", { image: later }),
        new unikernel.Service("late", { ports: PORTS, template: { image: later } }),
      ])
        await assert.rejects(
          (resource.urn as unknown as { promise(): Promise<string> }).promise(),
          /'(?:template\.)?image' takes a GatewayImage itself or its 'ref', not an output of a resource/,
        );
    });

    it("cannot be another resource", () => {
      const volume = new unikernel.Volume("data", { sizeMb: 64 }) as unknown as unikernel.GatewayImage;
      assert.throws(
        () => new unikernel.Instance("one", { image: volume }),
        /INPUT_INVALID: Instance 'one': 'image' takes a GatewayImage or a text, not a resource '\S+unikernel:Volume'/,
      );
    });
  });
}
