import assert from "node:assert/strict";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { reportProgress } from "../../../../provider/resources/service/progress";
import { contextWithResponses } from "../../../support/resourceContext";

const CI_VARIABLES = ["CI", "TF_BUILD", "JENKINS_URL", "TEAMCITY_VERSION", "CODEBUILD_BUILD_ARN"];

describe("the progress of a service", () => {
  const saved = CI_VARIABLES.map((name) => [name, process.env[name]] as const);
  let lines: string[];
  let warnings: string[];
  beforeEach(() => {
    for (const name of CI_VARIABLES) delete process.env[name];
    [lines, warnings] = [[], []];
  });
  after(() => {
    for (const [name, value] of saved) if (value !== undefined) process.env[name] = value;
  });

  const contextWith = (more: object) => ({
    ...contextWithResponses({}),
    printProgress: (line: string) => lines.push(line),
    printWarning: (line: string) => warnings.push(line),
    ...more,
  });
  /** Two waits of one member that are far enough apart to be reported. */
  const reportWaits = (context: ReturnType<typeof contextWith>) => {
    const onEvent = reportProgress(context, "web");
    for (const elapsedMs of [30_000, 60_000])
      onEvent({ phase: "waiting", member: "web-1", detail: "refused", elapsedMs });
  };

  it("is printed, and appended to the file of the settings with what names the rollout", () => {
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), "progress-"));
    try {
      const rolloutEventsFile = path.join(folder, "events.jsonl");
      reportWaits(
        contextWith({ rolloutEventsFile, urn: "urn:pulumi:prod::shop::unikernel:Service::web", metro: "fra" }),
      );
      assert.equal(lines.length, 2);
      const records = fs.readFileSync(rolloutEventsFile, "utf8").trim().split("\n");
      assert.deepEqual(
        records.map((line) => {
          const { stack, service, metro, elapsedMs } = JSON.parse(line) as Record<string, unknown>;
          return [stack, service, metro, elapsedMs];
        }),
        [
          ["prod", "web", "fra", 30_000],
          ["prod", "web", "fra", 60_000],
        ],
      );
      assert.deepEqual(warnings, []);
    } finally {
      fs.rmSync(folder, { recursive: true });
    }
  });

  it("goes on with one warning if the file cannot be written", () => {
    reportWaits(contextWith({ rolloutEventsFile: path.join(os.tmpdir(), "none", "at", "all") }));
    assert.deepEqual([lines.length, warnings.length], [2, 1]);
  });

  for (const [name, value, expected] of [
    ["CI", "true", 1],
    ["TF_BUILD", "True", 1],
    ["JENKINS_URL", "https://ci.test/", 1],
    ["CI", "false", 2],
    ["CI", "", 2],
  ] as const) {
    it(`prints ${expected} of 2 lines with ${name}=${value}`, () => {
      process.env[name] = value;
      reportWaits(contextWith({}));
      assert.equal(lines.length, expected);
    });
  }
});
