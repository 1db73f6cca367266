/** How examples/ci/gitlab-ci.yml fetches the plan of a merge request, run by bash and curl against a server that answers as GitLab does. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import * as fs from "node:fs/promises";
import * as http from "node:http";
import type { AddressInfo } from "node:net";
import * as os from "node:os";
import * as path from "node:path";
import { text } from "node:stream/consumers";
import { parse as parseYaml } from "yaml";

const root = path.resolve(__dirname, "../../..");
const PLAN = '{"manifest":{},"resourcePlans":{}}';

/** Source: docs.gitlab.com/api, "Commits", "Merge requests", "Jobs" and "Job artifacts". */
const answers: Readonly<Record<string, unknown>> = {
  "repository/commits/c0ffee/merge_requests": [
    { iid: 6, state: "closed" },
    { iid: 7, state: "merged" },
  ],
  "repository/commits/0ddba11/merge_requests": [],
  "merge_requests/7/pipelines": [
    { id: 31, ref: "feature" },
    { id: 30, ref: "refs/merge-requests/7/head" },
    { id: 29, ref: "refs/merge-requests/7/head" },
  ],
  "pipelines/30/jobs": [
    { id: 501, name: "branch" },
    { id: 500, name: "preview" },
  ],
  "jobs/500/artifacts/plan.json": JSON.parse(PLAN),
};

describe("the saved plan of the GitLab template", function () {
  this.timeout(30_000);
  let folder: string;
  let server: http.Server;
  let script: string;

  before(async () => {
    folder = await fs.mkdtemp(path.join(os.tmpdir(), "unikernel-plan-"));
    const template = await fs.readFile(path.join(root, "examples/ci/gitlab-ci.yml"), "utf8");
    const { apply } = parseYaml(template) as { readonly apply: { readonly script: readonly string[] } };
    script = apply.script[0] ?? assert.fail("no step fetches the plan");
    server = http.createServer(({ url = "", headers }, response) => {
      const answer = answers[url.replace("/api/v4/projects/42/", "")];
      const isAllowed = headers["private-token"] === "a-token" && answer !== undefined;
      response.writeHead(isAllowed ? 200 : 404).end(isAllowed ? JSON.stringify(answer) : "{}");
    });
    await once(server.listen(0, "127.0.0.1"), "listening");
  });
  after(async () => {
    server.close();
    await fs.rm(folder, { recursive: true });
  });

  async function fetchPlan(commit: string): Promise<{ readonly code: unknown; readonly errors: string }> {
    const { port } = server.address() as AddressInfo;
    const env = {
      PATH: [path.dirname(process.execPath), process.env["PATH"]].join(path.delimiter),
      ...{ API_TOKEN: "a-token", CI_PROJECT_ID: "42", CI_COMMIT_SHA: commit },
      CI_API_V4_URL: `http://127.0.0.1:${port}/api/v4`,
    };
    const arguments_ = ["-eo", "pipefail", "-c", script];
    const shell = spawn("bash", arguments_, { cwd: folder, env, stdio: ["ignore", "ignore", "pipe"] });
    const [errors, [code]] = await Promise.all([text(shell.stderr), once(shell, "close")]);
    return { code, errors };
  }

  it("is that of the newest preview of the merge request", async () => {
    assert.deepEqual(await fetchPlan("c0ffee"), { code: 0, errors: "" });
    assert.equal(await fs.readFile(path.join(folder, "plan.json"), "utf8"), PLAN);
  });

  it("is missing for a commit without a merge request, and the stage says what to do", async () => {
    const { code, errors } = await fetchPlan("0ddba11");
    assert.equal(code, 1);
    assert.match(errors, /Commit 0ddba11 has no saved plan: apply it by hand\./);
  });
});
