/**
 * The steps of examples/ci, run by bash with the real engine and the real `unikernel` command. `gh` and `curl` are stand-ins that note
 * their arguments, since there is neither GitHub nor GitLab here.
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

/** What GitLab's API answers, for one merge request that was merged and one that was not. */
const CURL = `#!/bin/sh
echo "$*" >> "$CURL_CALLS"
case "$*" in
  *--request*|*--data-urlencode*) echo '{}' ;;
  */merge_requests/7/notes*) cat notes-there.json ;;
  */repository/commits/def/merge_requests) echo '[{"iid": 6, "state": "closed"}, {"iid": 7, "state": "merged"}]' ;;
  */merge_requests/7/pipelines) echo '[{"id": 30, "ref": "feature"}, {"id": 31, "ref": "refs/merge-requests/7/head"}]' ;;
  */pipelines/31/jobs) echo '[{"id": 40, "name": "branch"}, {"id": 41, "name": "preview"}]' ;;
  */jobs/41/artifacts/plan.json) cat plan-kept.json ;;
  *) exit 22 ;;
esac
`;

interface GitLabTemplate {
  readonly variables: Readonly<Record<string, string>>;
  readonly [job: string]: { readonly script?: readonly string[] };
}

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
    assert.match(await calls(), /startswith\("<!-- unikernel ci comment: quickstart\/cloud -->"\)/);
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

  /** What the next job finds: no settings of stacks that are in no commit. */
  const checkOutAgain = (): Promise<void> => fs.rm(at("Pulumi.branch-7.yaml"), { force: true });

  it("give a branch an environment with the stack's settings, at each push, and take it away again", async () => {
    assert.equal(bash("pulumi config set --stack cloud quickstart:greeting hello").code, 0);
    assert.equal(bash("pulumi config set --stack cloud --secret quickstart:key a-secret").code, 0);
    for (const _push of [1, 2]) {
      succeed("Branch environment");
      const settings = bash("pulumi config --stack branch-7 --show-secrets --json");
      const valueOf = (key: string) =>
        (JSON.parse(settings.output) as Record<string, { readonly value: string }>)[`quickstart:${key}`]?.value;
      assert.deepEqual(["environment", "greeting", "key"].map(valueOf), ["branch", "hello", "a-secret"]);
      assert.match(bash("pulumi stack output ref --stack branch-7").output, /@sha256:/);
      await checkOutAgain();
    }
    succeed("End of the branch");
    assert.notEqual(bash("pulumi stack select branch-7").code, 0);
    assert.equal(bash("pulumi stack select cloud").code, 0);
    await checkOutAgain();
    succeed("End of the branch"); // of one that is gone, or was never deployed
  });

  it("do the same on GitLab", async () => {
    const template = parseYaml(
      await fs.readFile(path.join(root, "examples/ci/gitlab-ci.yml"), "utf8"),
    ) as GitLabTemplate;
    environment = {
      ...environment,
      ...{ CURL_CALLS: at("curl-calls"), API_TOKEN: "an-api-token", CI_API_V4_URL: "https://gitlab.test/api/v4" },
      ...{ CI_PROJECT_ID: "3", CI_MERGE_REQUEST_IID: "7", CI_COMMIT_SHA: "def", STACK: template.variables["STACK"] },
    };
    await executable("bin/curl", CURL);
    const run = (job: string): ReturnType<typeof bash> => bash((template[job]?.script ?? []).join("\n"));
    const succeedJob = (job: string): void => {
      const { code, output } = run(job);
      assert.equal(code, 0, `${job}: ${output}`);
    };
    const lastCall = async (): Promise<string> =>
      (await fs.readFile(at("curl-calls"), "utf8"))
        .trim()
        .split("\n")
        .at(-1)
        ?.replace(/^.*an-api-token /, "") ?? "";
    const notes = "https://gitlab.test/api/v4/projects/3/merge_requests/7/notes";

    await project.write("notes-there.json", "[]");
    succeedJob("preview");
    assert.equal(await lastCall(), `--data-urlencode body@comment.md ${notes}`);
    await project.write(
      "notes-there.json",
      JSON.stringify([
        { id: 97, body: "<!-- unikernel ci comment: shop/cloud -->\nof another project" },
        { id: 98, body: "<!-- unikernel ci comment: quickstart/other -->\nof another stack" },
        { id: 99, body: "<!-- unikernel ci comment: quickstart/cloud -->\nof this one" },
      ]),
    );
    const note = bash(template["preview"]?.script?.find((line) => line.startsWith("project=")) ?? "exit 1");
    assert.equal(note.code, 0, note.output);
    assert.equal(await lastCall(), `--request PUT --data-urlencode body@comment.md ${notes}/99`);
    await fs.rename(at("plan.json"), at("plan-kept.json"));
    succeedJob("apply");
    succeedJob("preview"); // nothing is left to change
    assert.equal(await lastCall(), `--request DELETE ${notes}/99`);
    for (const job of ["branch", "branch-end", "branch-end"]) {
      succeedJob(job);
      await checkOutAgain();
    }
    assert.notEqual(bash("pulumi stack select branch-7").code, 0);
    environment = { ...environment, CI_COMMIT_SHA: "unknown" };
    assert.match(run("apply").output, /Commit unknown has no saved plan: apply it by hand\./);
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
