/** The house rules for GitHub workflows; actionlint checks their syntax in test/foreign. */
import assert from "node:assert/strict";
import * as fs from "node:fs";
import * as path from "node:path";
import { parse } from "yaml";
import * as z from "zod";

const root = path.resolve(__dirname, "../../..");
const folder = path.join(root, ".github", "workflows");
const read = (file: string): string => fs.readFileSync(path.join(folder, file), "utf8");

const step = z.object({
  uses: z.string().optional(),
  run: z.string().optional(),
  with: z.record(z.string(), z.unknown()).optional(),
});
const workflow = z.object({
  permissions: z.record(z.string(), z.string()),
  concurrency: z.object({ group: z.string() }),
  jobs: z.record(z.string(), z.object({ "timeout-minutes": z.number(), steps: z.array(step) })),
});

describe("the GitHub workflows", () => {
  const files = fs.readdirSync(folder);

  it("pin every action to a release commit that a comment names", () => {
    const uses = files.flatMap((file) => read(file).match(/^.*\buses:.*$/gm) ?? []);
    assert.ok(uses.length > 0);
    for (const line of uses) assert.match(line, /uses: [\w-]+\/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/);
  });

  it("can only read the repository, and keep no credentials in the checkout", () => {
    for (const file of files) {
      const { permissions, jobs } = workflow.parse(parse(read(file)));
      assert.deepEqual(permissions, { contents: "read" }, file);
      for (const { steps } of Object.values(jobs)) {
        const checkouts = steps.filter(({ uses }) => uses?.startsWith("actions/checkout@"));
        assert.deepEqual(
          checkouts.map((one) => one.with?.["persist-credentials"]),
          [false],
          file,
        );
      }
    }
  });

  it("run the quick checks in one job and all steps of .ci/run in another", () => {
    const { jobs } = workflow.parse(parse(read("ci.yml")));
    const commands = Object.values(jobs).map(({ steps }) => steps.flatMap(({ run }) => run ?? []));
    assert.deepEqual(commands, [["npm run check"], [".ci/run"]]);
    fs.accessSync(path.join(root, ".ci", "run"), fs.constants.X_OK);
  });

  it("use existing files as cache keys", () => {
    const named = [...read("ci.yml").matchAll(/scripts\/setup\/\S+?\/go\.(?:mod|sum)/g)].map(([name]) => name);
    assert.ok(named.length >= 3);
    for (const name of named) assert.ok(fs.globSync(name, { cwd: root }).length > 0, name);
  });
});
