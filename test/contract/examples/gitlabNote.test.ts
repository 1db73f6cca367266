/** The comment step of examples/ci/gitlab-ci.yml, run by bash and curl against a server that keeps notes as GitLab does. */
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
const NOTES = "/api/v4/projects/42/merge_requests/7/notes";
const MARK = "<!-- unikernel ci comment: shop/cloud -->";

describe("the merge request's note of the GitLab template", function () {
  this.timeout(30_000);
  let folder: string;
  let server: http.Server;
  let script: string;
  let notes: Map<number, string>;
  let requests: string[];

  before(async () => {
    folder = await fs.mkdtemp(path.join(os.tmpdir(), "unikernel-note-"));
    await fs.writeFile(path.join(folder, "Pulumi.yaml"), "name: shop\nruntime: nodejs\n");
    const template = await fs.readFile(path.join(root, "examples/ci/gitlab-ci.yml"), "utf8");
    const { preview } = parseYaml(template) as { readonly preview: { readonly script: readonly string[] } };
    script = preview.script.find((line) => line.includes("merge_requests")) ?? assert.fail("no step comments");
    server = http.createServer((request, response) => void answer(request, response)).listen(0, "127.0.0.1");
    await once(server, "listening");
  });
  after(async () => {
    server.close();
    await fs.rm(folder, { recursive: true });
  });
  beforeEach(() => {
    notes = new Map([
      [1, "Looks good."],
      [2, `${MARK.replace("cloud", "test-cloud")}\nof another stack`],
      [3, `> ${MARK}\nquoted by somebody`],
    ]);
    requests = [];
  });

  // Source of methods, parameters and answers: docs.gitlab.com/api/notes, "Merge requests".
  async function answer(request: http.IncomingMessage, response: http.ServerResponse): Promise<void> {
    const { pathname } = new URL(request.url ?? "", "http://gitlab");
    const body = new URLSearchParams(await text(request)).get("body") ?? "";
    const id = Number(pathname.slice(NOTES.length + 1));
    requests.push(`${request.method} ${pathname.slice(NOTES.length)}`);
    const isAllowed = request.headers["private-token"] === "a-token" && pathname.startsWith(NOTES);
    if (!isAllowed || (id > 0 && !notes.has(id))) return void response.writeHead(404).end();
    if (request.method === "GET")
      return void response.end(JSON.stringify([...notes].map(([key, body]) => ({ id: key, body }))));
    if (request.method === "DELETE") {
      notes.delete(id);
      return void response.writeHead(204).end();
    }
    notes.set(request.method === "PUT" ? id : 99, body);
    response.writeHead(request.method === "PUT" ? 200 : 201).end("{}");
  }

  async function comment(markdown: string): Promise<void> {
    await fs.writeFile(path.join(folder, "comment.md"), markdown);
    const { port } = server.address() as AddressInfo;
    const env = {
      PATH: [path.dirname(process.execPath), process.env["PATH"]].join(path.delimiter),
      ...{ STACK: "acme/cloud", API_TOKEN: "a-token", CI_PROJECT_ID: "42", CI_MERGE_REQUEST_IID: "7" },
      CI_API_V4_URL: `http://127.0.0.1:${port}/api/v4`,
    };
    const shell = spawn("bash", ["-eo", "pipefail", "-c", script], {
      cwd: folder,
      env,
      stdio: ["ignore", "ignore", "pipe"],
    });
    const [errors, [code]] = await Promise.all([text(shell.stderr), once(shell, "close")]);
    assert.equal(code, 0, errors);
  }

  it("is written once and then written again, beside those of other people and stacks", async () => {
    const first = `${MARK}\n### Preview: 1 & 2 = "ü"\n`;
    await comment(first);
    assert.equal(notes.get(99), first);
    await comment(`${MARK}\nsecond`);
    assert.equal(notes.get(99), `${MARK}\nsecond`);
    assert.equal(notes.size, 4);
    assert.deepEqual(requests, ["GET ", "POST ", "GET ", "PUT /99"]);
  });

  it("is deleted when nothing changes any more", async () => {
    await comment("");
    notes.set(99, `${MARK}\nfirst`);
    await comment("");
    assert.deepEqual([...notes.keys()], [1, 2, 3]);
    assert.deepEqual(requests, ["GET ", "GET ", "DELETE /99"]);
  });
});
