/**
 * The steps of examples/ci/pulumi.yml, run by bash with the real engine and the real `unikernel` command. `gh` is a
 * stand-in that notes its arguments, since there is no GitHub here.
 */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import * as fs from "node:fs/promises";
import * as path from "node:path";
import { parseEnv } from "node:util";
import { parse as parseYaml } from "yaml";
import { findEngine, operationEnvironment } from "../../support/engine";
import { TestProject } from "../../support/project";

const root = path.resolve(__dirname, "../../..");
const PROGRAM = `
import * as unikernel from "pulumi-unikernel";
export const ref = new unikernel.GatewayImage("site", { context: "./site" }).ref;
`;
/** Answers what `gh` is asked for: the head of the pull request, its run, and the plan of that run, which is here already. */
const GH = `#!/bin/sh
echo "$*" >> "$GH_CALLS"
case "$*" in
  *comments*--jq*) cat "$GH_CALLS.id" 2>/dev/null || true ;;
  *pulls*) echo abc ;;
  "run list"*) echo 17 ;;
esac
`;

interface Workflow {
  readonly jobs: { readonly pulumi: { readonly steps: readonly { readonly name?: string; readonly run?: string }[] } };
}

describe("the CI stages of the examples", function () {
  this.timeout(300_000);
  let project: TestProject;
  let environment: NodeJS.ProcessEnv;
  let steps: ReadonlyMap<string | undefined, string | undefined>;
  const at = (name: string): string => path.join(project.folder, name);
  const executable = (name: string, text: string): Promise<void> =>
    project.write(name, text).then(() => fs.chmod(at(name), 0o755));

  before(async () => {
    project = await TestProject.copy("examples/quickstart");
    await project.write("index.ts", PROGRAM);
    await executable("bin/gh", GH);
    await executable("node_modules/.bin/unikernel", `#!/bin/sh\nexec node "${root}/dist/provider/cli/main.js" "$@"\n`);
    const engine = findEngine();
    if (!engine.usesCli) {
      const host = path.join(root, "test/support/languageHost.cjs");
      await executable("bin/pulumi-language-nodejs", `#!/bin/sh\nexec node "${host}" "$@"\n`);
    }
    const base = operationEnvironment(engine, project.folder, { UNIKERNEL_STATE_DIR: at("state") });
    environment = {
      ...base,
      PATH: [at("bin"), base["PATH"]].join(path.delimiter),
      GH_CALLS: at("gh-calls"),
      GITHUB_STEP_SUMMARY: at("summary.md"),
      GITHUB_REPOSITORY: "acme/shop",
      GITHUB_WORKFLOW_REF: "acme/shop/.github/workflows/deploy.yml@refs/heads/main",
      BRANCH: "feature/New_tenant",
      STACK: "organization/quickstart/cloud",
      GITHUB_ENV: at("github-env"),
      PULL_REQUEST: "7",
      COMMIT: "def",
    };
    const workflow = parseYaml(await fs.readFile(path.join(root, "examples/ci/pulumi.yml"), "utf8")) as Workflow;
    steps = new Map(workflow.jobs.pulumi.steps.map(({ name, run }) => [name, run]));
    assert.equal(bash("pulumi stack init cloud").code, 0);
  });
  after(() => project.remove());

  /** Runs a script as GitHub and GitLab do: it ends with the first command that fails. */
  function bash(script: string) {
    const options = { cwd: project.folder, env: environment, encoding: "utf8" } as const;
    const { status, stdout, stderr } = spawnSync("bash", ["-eo", "pipefail", "-c", script], options);
    return { code: status, output: stdout + stderr };
  }
  function runStep(name: string): { readonly code: number | null; readonly output: string } {
    const script = steps.get(name);
    assert.ok(script, `there is no step '${name}'`);
    return bash(script);
  }
  const succeed = (name: string): void => {
    const { code, output } = runStep(name);
    assert.equal(code, 0, `${name}: ${output}`);
  };
  /** Gives the next steps what this one wrote to GITHUB_ENV. */
  const setVariables = async (name: string): Promise<void> => {
    succeed(name);
    environment = { ...environment, ...parseEnv(await fs.readFile(at("github-env"), "utf8")) };
  };
  const calls = (): Promise<string> => fs.readFile(at("gh-calls"), "utf8");

  it("preview, comment and apply an image, whose change is commented with sizes and digests", async () => {
    await setVariables("Name the stack");
    for (const name of ["Preview", "Comment", "Fetch the plan", "Apply"]) succeed(name);
    assert.match(await calls(), /run download \S+ --name plan-cloud$/m);
    assert.match(await calls(), /run list --workflow deploy\.yml --commit abc --event pull_request --status success/);
    assert.match(await calls(), /--method POST repos\/acme\/shop\/issues\/7\/comments --field body=@comment\.md/);
    await project.write("site/rootfs/www/index.html", "changed");
    await project.write("gh-calls.id", "99\n");
    for (const name of ["Preview", "Comment"]) succeed(name);
    assert.match(await calls(), /--method PATCH repos\/acme\/shop\/issues\/comments\/99/);
    const comment = (await fs.readFile(at("comment.md"), "utf8")).trimEnd().replace(/sha256:[0-9a-f]{12}/g, "(digest)");
    assert.deepEqual(comment.replace(/\d+\.\d MiB/g, "(size)").split("\n"), [
      "<!-- unikernel ci comment: quickstart/cloud -->",
      "### Preview of `quickstart`, stack `cloud`: 1 to update",
      "",
      "| | Resource | What will happen |",
      "| --- | --- | --- |",
      "| update | GatewayImage `site` | 1 file changed (/www/index.html). The update will build the image again. |",
      "",
      "| Image | Before | After |",
      "| --- | --- | --- |",
      "| `site` | (size), `(digest)` | (size), `(digest)` |",
    ]);
  });

  it("refuse a plan after another change, as the engine would", async () => {
    await project.write("site/rootfs/www/index.html", "changed again");
    const { code, output } = runStep("Apply");
    assert.equal(code, 1);
    assert.match(output, /GatewayImage 'site' has other values than in the plan: contextHash, digest, ref\./);
    const forced = bash("pulumi up --stack cloud --non-interactive --yes --plan plan.json");
    assert.notEqual(forced.code, 0);
    assert.match(forced.output, /violates plan/);
  });

  it("give a branch an environment of its own and take it away again, beside the stack", async () => {
    succeed("Branch environment");
    const name = "branch-feature-New-tenant";
    assert.equal(bash(`pulumi config get --stack ${name} environment`).output.trim(), "branch");
    assert.match(bash(`pulumi stack output ref --stack ${name}`).output, /@sha256:/);
    succeed("End of the branch");
    assert.notEqual(bash(`pulumi stack select ${name}`).code, 0);
    assert.equal(bash("pulumi stack select cloud").code, 0);
  });

  it("tell of what somebody deleted outside Pulumi", async () => {
    const up = bash("pulumi up --stack cloud --non-interactive --yes");
    assert.equal(up.code, 0, up.output);
    succeed("Drift");
    const deleted = bash(
      'npx unikernel delete image "$(pulumi stack output ref --stack cloud | cut -d @ -f 1)" --metro local --managed',
    );
    assert.equal(deleted.code, 0, deleted.output);
    const { code, output } = runStep("Drift");
    assert.notEqual(code, 0);
    assert.match(output, /no changes were expected/);
  });
});
