import assert from "node:assert/strict";
import * as pulumi from "@pulumi/pulumi";
import { warnOfUnknownSettings } from "../../../sdk/registration/unknownSettings";

describe("settings of the stack that do not exist", () => {
  const warn = pulumi.log.warn;
  let warnings: string[];
  beforeEach(() => {
    warnings = [];
    (pulumi.log as { warn: typeof warn }).warn = (message) => {
      warnings.push(message);
      return Promise.resolve();
    };
  });
  afterEach(() => {
    (pulumi.log as { warn: typeof warn }).warn = warn;
    pulumi.runtime.setAllConfig({});
  });

  let stacks = 0;
  /** Warnings of a new stack with this configuration, checked twice. */
  async function warningsOf(config: Record<string, string>): Promise<readonly string[]> {
    const mocks = { newResource: () => ({ id: "", state: {} }), call: () => ({}) };
    await pulumi.runtime.setMocks(mocks, "settings", `stack-${++stacks}`, false);
    pulumi.runtime.setAllConfig(config);
    warnOfUnknownSettings();
    warnOfUnknownSettings();
    return warnings;
  }

  it("are warned of once, with a suggestion", async () => {
    const config = { "unikernel:maxConcurency": "4", "unikernel:metro": "fra", "other:metroo": "x" };
    assert.deepEqual(await warningsOf(config), [
      "unikernel:maxConcurency is not a setting and is ignored. Did you mean unikernel:maxConcurrency?",
    ]);
  });

  it("are warned of with all settings if none is similar", async () => {
    assert.deepEqual(await warningsOf({ "unikernel:x": "4" }), [
      "unikernel:x is not a setting and is ignored. Known settings: unikernel:metro, unikernel:token, unikernel:controlPlane, unikernel:timeouts, unikernel:maxConcurrency, unikernel:proxy, unikernel:rolloutEventsFile, unikernel:owner.",
    ]);
  });

  it("are the only ones that are warned of", async () => {
    const names = [
      "metro",
      "token",
      "controlPlane",
      "timeouts",
      "maxConcurrency",
      "proxy",
      "rolloutEventsFile",
      "owner",
    ];
    assert.deepEqual(await warningsOf(Object.fromEntries(names.map((name) => [`unikernel:${name}`, "x"]))), []);
  });
});
