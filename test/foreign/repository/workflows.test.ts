/** The GitHub workflows, checked by actionlint. */
import assert from "node:assert/strict";
import * as childProcess from "node:child_process";
import * as fs from "node:fs";
import * as path from "node:path";
import { parse as parseYaml } from "yaml";

const root = path.resolve(__dirname, "../../..");
const folder = path.join(root, ".github", "workflows");
const BUILD_LIMIT_MS = 600_000;

/** The actionlint from the set-up, which runs now if needed. */
function findActionlint(): string {
  const ready = process.env["UNIKERNEL_TEST_ACTIONLINT"];
  if (ready !== undefined) return ready;
  const run = path.join(root, "scripts", "run.mjs");
  const output = childProcess.execFileSync(process.execPath, [run, "actionlint"], { encoding: "utf8" });
  return output.trimEnd().split("\n").at(-1) ?? "";
}

/** actionlint knows an action's inputs by its tag, not by a commit. */
const withTags = (workflow: string): string => workflow.replace(/@[0-9a-f]{40} # (v\d+)[\d.]*$/gm, "@$1");

describe("actionlint", () => {
  let actionlint: string;
  before(function () {
    this.timeout(BUILD_LIMIT_MS);
    actionlint = findActionlint();
  });

  /** Its findings in a workflow; empty if it is valid. Shellcheck and pyflakes are off, since not every machine has them. */
  const complaints = (workflow: string): string => {
    const args = ["-no-color", "-oneline", "-shellcheck=", "-pyflakes=", "-"];
    const { stdout, stderr, error } = childProcess.spawnSync(actionlint, args, { input: workflow, encoding: "utf8" });
    if (error !== undefined) throw error;
    return stdout + stderr;
  };
  const ci = (): string => fs.readFileSync(path.join(folder, "ci.yml"), "utf8");

  it("accepts every workflow and the inputs of its actions", () => {
    const files = fs.readdirSync(folder);
    assert.ok(files.includes("ci.yml"));
    for (const file of files) {
      const workflow = fs.readFileSync(path.join(folder, file), "utf8");
      assert.deepEqual([complaints(workflow), complaints(withTags(workflow))], ["", ""], file);
    }
  });

  it("accepts the reusable workflow of the examples", () => {
    assert.equal(complaints(fs.readFileSync(path.join(root, "examples", "ci", "pulumi.yml"), "utf8")), "");
  });

  it("rejects an invalid key, expression and input", () => {
    const broken = (from: string, to: string): string => {
      const workflow = withTags(ci());
      assert.ok(workflow.includes(from), `ci.yml does not contain '${from}'`);
      return complaints(workflow.replace(from, to));
    };
    assert.match(broken("runs-on:", "run-on:"), /unexpected key "run-on"/);
    assert.match(broken("github.sha", "github.commit"), /property "commit" is not defined/);
    assert.match(broken("go-version-file:", "go-file:"), /input "go-file" is not defined/);
  });
});

describe("the GitLab template of the examples", () => {
  it("has jobs in known stages, whose scripts bash can read", () => {
    const text = fs.readFileSync(path.join(root, "examples", "ci", "gitlab-ci.yml"), "utf8");
    const { stages, default: _default, variables: _variables, ...rest } = parseYaml(text) as Record<string, unknown>;
    const jobs = Object.entries(
      rest as Record<string, { readonly stage?: string; readonly script?: readonly string[] }>,
    );
    assert.deepEqual(
      jobs.map(([name]) => name),
      ["preview", "apply", "branch", "branch-end", "drift"],
    );
    for (const [name, { stage = "", script = [] }] of jobs) {
      assert.ok((stages as readonly string[]).includes(stage) && script.length > 0, name);
      const { status, stderr } = childProcess.spawnSync("bash", ["-n"], { input: script.join("\n"), encoding: "utf8" });
      assert.deepEqual([status, stderr], [0, ""], name);
    }
  });
});
