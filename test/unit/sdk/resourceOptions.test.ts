import assert from "node:assert/strict";
import * as pulumi from "@pulumi/pulumi";
import { REPLACE_ON_CHANGES_KEY, TIMEOUTS_KEY } from "../../../provider/definition/internalKeys";
import * as unikernel from "../../../sdk";
import { parseDuration } from "../../../sdk/registration/duration";
import { usesExclusively } from "../../../sdk/registration/exclusiveUse";
import { checkOptions } from "../../../sdk/registration/resourceOptions";

const PROPERTIES = ["name", "image", "env", "tags", "ports"];

const check = (opts: pulumi.CustomResourceOptions, args: object = {}, kind = "Instance") =>
  checkOptions(
    { kind, name: "web", type: `pulumi-nodejs:dynamic/unikernel:${kind}`, args, properties: PROPERTIES },
    opts,
  );

describe("a duration of customTimeouts", () => {
  for (const [text, ms] of [
    ["5m", 300_000],
    ["1h30m", 5_400_000],
    ["40s", 40_000],
    ["1.5s", 1_500],
    [".5m", 30_000],
    ["1500ms", 1_500],
    ["0", 0],
    ["0s", 0],
    ["+2s", 2_000],
  ] as const)
    it(`${text} is ${ms} ms`, () => assert.equal(parseDuration(text), ms));
  for (const text of ["", "5", "m", "5 m", "1d", "-5m", "5m!", "fast", "1,5s", "5M"])
    it(`"${text}" is none`, () => assert.equal(parseDuration(text), undefined));
});

describe("the options of a resource", () => {
  before(() =>
    pulumi.runtime.setMocks(
      { newResource: ({ name }) => ({ id: name, state: {} }), call: () => ({}) },
      "p",
      "s",
      false,
    ),
  );
  afterEach(() => pulumi.runtime.setAllConfig({}));

  it("pass timeouts and paths along, and only when given", () => {
    const customTimeouts = { create: "1h30m", update: "0", delete: "40s" };
    const { passed } = check({ customTimeouts, replaceOnChanges: ["env", "*"] });
    assert.deepEqual(passed, {
      [TIMEOUTS_KEY]: { createMs: 5_400_000, deleteMs: 40_000 },
      [REPLACE_ON_CHANGES_KEY]: ["env", "*"],
    });
    assert.deepEqual(check({}).passed, {});
    assert.deepEqual(check({ customTimeouts: {}, replaceOnChanges: [] }).passed, {});
  });

  for (const [what, opts, message] of [
    [
      "a malformed duration",
      { customTimeouts: { create: "1d" } },
      /customTimeouts\.create: '1d' is not a duration.*"1h30m"/,
    ],
    ["a duration out of range", { customTimeouts: { delete: "25h" } }, /customTimeouts\.delete: must be "1s" to "24h"/],
    ["a malformed path", { replaceOnChanges: ["env["] }, /replaceOnChanges: 'env\[' is not a property path/],
    ["a provider that is none", { provider: {} }, /option provider takes a unikernel\.Provider/],
    ["import", { import: "web" }, /option import does not work.*adopt: true/],
  ] as const)
    it(`fail at the line of the program for ${what}`, () => {
      assert.throws(
        () => new unikernel.Instance("web", { image: "a" }, { ...opts } as pulumi.CustomResourceOptions),
        (error: Error) => {
          assert.ok(pulumi.RunError.isInstance(error));
          assert.match(error.message, /^INPUT_INVALID: Instance 'web': /);
          assert.match(error.message, message);
          return (error.stack ?? "").includes("resourceOptions.test.ts");
        },
      );
    });

  it("fail for a provider of another package", () => {
    class Other extends pulumi.ProviderResource {}
    assert.throws(() => check({ provider: new Other("aws", "aws") }), /takes a unikernel\.Provider, not one of 'aws'/);
    check({ provider: new unikernel.Provider("here", { metro: "local" }) });
  });

  it("warn about what has no effect, and keep it from the engine", () => {
    const { options, warnings } = check({
      version: "1.0.0",
      pluginDownloadURL: "https://example.com",
      customTimeouts: { create: "0s", read: "5m" },
      ignoreChanges: ["memoryMB", "env.A", '["tags"][0]', "*"],
      additionalSecretOutputs: ["adress"],
    });
    assert.deepEqual(options.version ?? options.pluginDownloadURL, undefined);
    assert.deepEqual(warnings, [
      "ignoreChanges: Instance has no property 'memoryMB', so 'memoryMB' has no effect.",
      "additionalSecretOutputs: Instance has no property 'adress', so 'adress' has no effect.",
      "customTimeouts.create: '0s' means the default; the shortest time is \"1s\".",
      "customTimeouts.read has no effect: reading waits for nothing.",
      "the option version has no effect: there is no plugin of this package.",
      "the option pluginDownloadURL has no effect: there is no plugin of this package.",
    ]);
  });

  it("warn on a look-up about those of a managed resource", () => {
    const { passed, options, warnings } = check({ id: "web", customTimeouts: { create: "5m" } }, { name: "x" });
    assert.deepEqual([passed, options.deleteBeforeReplace], [{}, undefined]);
    assert.deepEqual(warnings, ["the option customTimeouts has no effect on a resource that is looked up."]);
  });

  it("delete before they replace what only one resource can hold, unless the program decides", () => {
    assert.equal(check({}, { name: "fixed" }).options.deleteBeforeReplace, true);
    assert.equal(check({}, {}).options.deleteBeforeReplace, undefined);
    assert.equal(check({ deleteBeforeReplace: false }, { name: "fixed" }).options.deleteBeforeReplace, false);
  });

  it("know the local platform by configuration, Provider or environment", () => {
    const isSet = (opts: pulumi.CustomResourceOptions = {}) =>
      check(opts, { ports: [{ port: 80 }] }, "Service").options.deleteBeforeReplace === true;
    const before = process.env["UKC_METRO"];
    try {
      delete process.env["UKC_METRO"];
      assert.equal(isSet(), false, "the default is no local metro");
      pulumi.runtime.setAllConfig({ "unikernel:metro": "local" });
      assert.equal(isSet(), true);
      assert.equal(isSet({ provider: new unikernel.Provider("fra", { metro: "fra" }) }), false);
      assert.equal(isSet({ provider: new unikernel.Provider("loop", { metro: "http://127.0.0.1:9/v1" }) }), true);
      assert.equal(isSet({ provider: new unikernel.Provider("later", { metro: pulumi.output("local") }) }), false);
      pulumi.runtime.setAllConfig({});
      process.env["UKC_METRO"] = "http://localhost:8080";
      assert.equal(isSet(), true);
    } finally {
      if (before === undefined) delete process.env["UKC_METRO"];
      else process.env["UKC_METRO"] = before;
    }
  });
});

describe("what only one resource can hold", () => {
  const mount = { volume: "v", at: "/data" };
  for (const [what, args, inCloud, locally] of [
    ["a fixed name", { name: "a" }, true, true],
    ["nothing", { image: "a", volumes: [], networkInterfaces: [] }, false, false],
    ["a writable volume", { volumes: [mount] }, true, true],
    ["a volume whose mode is not known", { volumes: [{ ...mount, readonly: pulumi.output(true) }] }, true, true],
    ["a volume that is read only", { volumes: [{ ...mount, readonly: true }] }, false, false],
    ["volumes that are not known", { volumes: pulumi.output([]) }, true, true],
    ["a writable volume of a template", { template: { image: "a", volumes: [mount] } }, true, true],
    ["a shared one", { template: { volumes: [mount] }, rollout: { sharedVolumes: true } }, false, false],
    ["an instance template by name", { template: "prepared" }, false, false],
    ["a domain", { domains: [{ name: "a.example.com" }] }, true, true],
    ["ports", { ports: [{ port: 80 }] }, false, true],
    ["ports that are not known", { ports: pulumi.output([]) }, false, true],
    ["a group with a name", { serviceGroup: { name: "g", ports: [] } }, true, true],
    ["a group with a domain", { serviceGroup: { ports: [], domains: [{ name: "a.b" }] } }, true, true],
    ["a group with ports", { serviceGroup: { ports: [{ port: 80 }] } }, false, true],
    ["a network interface", { networkInterfaces: [{ network: "tap0" }] }, true, true],
    ["interfaces that a successor takes over", { networkInterfaces: [{}], takeOver: true }, false, false],
  ] as const)
    it(`${what}: ${String(inCloud)} in the cloud, ${String(locally)} on the local platform`, () => {
      assert.deepEqual([usesExclusively(args, false), usesExclusively(args, true)], [inCloud, locally]);
    });
});
