/** One suite, two targets: the client behaves the same with recorded responses and with the local platform. */
import assert from "node:assert/strict";
import { freePort } from "../../support/freePorts";
import {
  type Coverage,
  UNCOVERED_CODES,
  emptyCoverage,
  assessCoverage,
  unsupportedOperations,
  recordCoverage,
} from "./coverage";
import { KNOWN_DIFFERENCES, differencesOf } from "./recordings";
import type { Scenario } from "./scenario";
import * as account from "./scenarios/account";
import * as autoscale from "./scenarios/autoscale";
import * as certificates from "./scenarios/certificates";
import * as checkpoints from "./scenarios/checkpoints";
import * as controlPlane from "./scenarios/controlPlane";
import * as failures from "./scenarios/failures";
import * as instanceCreateErrors from "./scenarios/instanceCreateErrors";
import * as instances from "./scenarios/instances";
import * as olderNodes from "./scenarios/olderNodes";
import * as services from "./scenarios/services";
import * as templates from "./scenarios/templates";
import * as volumes from "./scenarios/volumes";
import { type Target, targets } from "./targets";

const topics: Readonly<Record<string, { readonly scenarios: (port: number) => readonly Scenario[] }>> = {
  "an account": account,
  autoscale,
  certificates,
  checkpoints,
  "the control plane": controlPlane,
  failures,
  instances,
  "errors of creating an instance": instanceCreateErrors,
  "older nodes": olderNodes,
  services,
  templates,
  volumes,
};
/** Names and targets of scenarios do not depend on their port. */
const ANY_PORT = 8080;

describe("the client's contract", () => {
  const coverageByTarget = new Map<Target["name"], Coverage>(targets.map(({ name }) => [name, emptyCoverage()]));
  const coverageOf = ({ name }: Target): Coverage => coverageByTarget.get(name) ?? assert.fail(name);

  for (const target of targets) {
    describe(`with ${target.name}`, () => {
      for (const [topic, { scenarios }] of Object.entries(topics)) {
        describe(topic, () => {
          for (const [index, { name, recordedOnly }] of scenarios(ANY_PORT).entries()) {
            if (recordedOnly === true && target.name === "the local platform") continue;
            it(name, async () => {
              const scenario = scenarios(await freePort())[index] ?? assert.fail("no such scenario");
              const result = await target.run(scenario, (client) => recordCoverage(client, coverageOf(target)));
              assert.deepEqual(result, scenario.expected);
            });
          }
        });
      }
    });
  }

  describe("the recorded responses", () => {
    const differences = Object.values(topics)
      .flatMap(({ scenarios }) => scenarios(ANY_PORT))
      .flatMap(({ name, exchanges }) => exchanges.flatMap(differencesOf).map((line) => ({ name, line })));
    const isReason = (line: string) => (reason: string) => line.startsWith(reason);

    it("match the vendor's documents, except for the listed differences", () => {
      const wrong = differences.filter(({ line }) => !Object.keys(KNOWN_DIFFERENCES).some(isReason(line)));
      assert.deepEqual(wrong, []);
    });

    it("use every listed difference", () => {
      const stale = Object.keys(KNOWN_DIFFERENCES).filter(
        (reason) => !differences.some(({ line }) => isReason(line)(reason)),
      );
      assert.deepEqual(stale, []);
    });
  });

  // A separate suite, since it must run after those of the targets.
  describe("all targets together", () => {
    it("cover every operation and error code of the library, except for the listed gaps", () => {
      const verdicts = targets.map(
        (target) => [target, assessCoverage(coverageOf(target), UNCOVERED_CODES[target.name])] as const,
      );
      for (const what of ["operations", "codes"] as const) {
        const counts = verdicts.map(([{ name }, verdict]) => `${verdict[what]} with ${name}`);
        console.log(`      ${what}: ${counts.join(", ")}`);
      }
      for (const [{ name }, { missing }] of verdicts)
        for (const line of missing) console.log(`      not covered with ${name}: ${line}`);
      console.log(`      operations of the API that the library does not support: ${unsupportedOperations.length}`);
      for (const line of unsupportedOperations) console.log(`      not supported: ${line}`);
      assert.deepEqual(
        verdicts.flatMap(([{ name }, { wrong }]) => wrong.map((line) => `${name}: ${line}`)),
        [],
      );
    });
  });
});
