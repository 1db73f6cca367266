/** A project with a Dockerfile, as most public projects are. */
import assert from "node:assert/strict";
import { type OperationResult, type Stack, assertSucceeded, changingSteps } from "../../support/engine";
import { requireTool } from "../../support/builders";
import { freePort } from "../../support/freePorts";
import { LocalPlatform } from "../../support/localPlatform";
import { httpGet } from "../../support/loadGenerator";
import { TestProject } from "../../support/project";

const PROGRAM = (port: number): string => `
import * as pulumi from "@pulumi/pulumi";
import * as unikernel from "pulumi-unikernel";
const image = new unikernel.GatewayImage("site", {
  context: "./site",
  kraftfile: "unikraft/Kraftfile.web",
  build: { target: "site", args: { GREETING: "hello" }, secrets: { token: pulumi.secret("s3cr3t-Value") } },
});
const web = new unikernel.Service("web", {
  ports: [{ port: ${port}, destinationPort: 8080 }],
  replicas: 1,
  template: { image: image.ref, memoryMb: 128 },
});
export const url = web.url;
export const ref = image.ref;
`;
const KRAFTFILE = "spec: v0.6\nruntime: linux:latest\nrootfs: ./docker/web.Dockerfile\nlabels:\n  team: web\n";
/** `FROM scratch` and the runtime's busybox: nothing is downloaded. */
const DOCKERFILE = `FROM scratch AS files
COPY www/ /www/
FROM scratch AS site
ARG GREETING
COPY --from=files / /
ENV GREETING=$GREETING
EXPOSE 8080
ENTRYPOINT ["/bin/busybox", "httpd", "-f", "-p", "8080"]
CMD ["-h", "/www"]
FROM scratch AS unused
COPY does-not-exist /
`;

const stepsOf = (result: OperationResult): readonly string[] =>
  changingSteps(result).map(({ op, urn }) => `${op} ${urn.split("::").at(-1)}`);

describe("a project with a Dockerfile, with the real engine and a real builder", function () {
  this.timeout(300_000);
  let platform: LocalPlatform;
  let project: TestProject;
  let stack: Stack;
  let url: string;
  before(async () => {
    requireTool("buildah");
    process.env["UNIKERNEL_BUILDER"] = "buildah";
    platform = await LocalPlatform.open();
    project = await TestProject.copy("examples/quickstart");
    const port = await freePort();
    url = `http://127.0.0.1:${port}/`;
    await project.write("index.ts", PROGRAM(port));
    await project.write("site/unikraft/Kraftfile.web", KRAFTFILE);
    await project.write("site/docker/web.Dockerfile", DOCKERFILE);
    await project.write("site/docker/www/index.html", "first");
    await project.write("site/docker/www/notes.txt", "ignored");
    await project.write("site/docker/.dockerignore", "**/notes.txt\n");
    stack = project.stack({});
  });
  after(async () => {
    delete process.env["UNIKERNEL_BUILDER"];
    await project.remove();
    await platform.close();
  });

  it("builds it, and runs ENTRYPOINT and CMD", async () => {
    const { output } = assertSucceeded(await stack.up());
    assert.deepEqual(await httpGet(url), { status: 200, body: "first" });
    assert.equal((await httpGet(`${url}notes.txt`)).status, 404);
    assert.match(output, /EXPOSE 8080\/tcp of the Dockerfile has no effect on a guest/);
    assert.ok(!output.includes("s3cr3t-Value"));
    assert.ok(!(await project.readStoredState()).includes("s3cr3t-Value"));
  });

  it("starts no builder and changes nothing if only an ignored file changes", async () => {
    await project.write("site/docker/www/notes.txt", "changed");
    process.env["UNIKERNEL_BUILDER"] = "none-is-needed";
    try {
      assert.deepEqual(stepsOf(assertSucceeded(await stack.up({ expectNoChanges: true }))), []);
    } finally {
      process.env["UNIKERNEL_BUILDER"] = "buildah";
    }
  });

  it("rolls a changed file out", async () => {
    await project.write("site/docker/www/index.html", "second");
    const result = assertSucceeded(await stack.up());
    assert.deepEqual([...stepsOf(result)].sort(), ["update site", "update web"]);
    assert.deepEqual(await httpGet(url), { status: 200, body: "second" });
  });

  it("shows the last lines of a failing build, and the old version serves on", async () => {
    await project.write("site/docker/web.Dockerfile", DOCKERFILE.replace("COPY www/", "COPY missing/"));
    const failed = await stack.up();
    assert.equal(failed.succeeded, false);
    assert.match(failed.output, /BUILD_FAILED: .*missing/s);
    assert.deepEqual(await httpGet(url), { status: 200, body: "second" });
  });

  it("leaves nothing behind", async () => {
    assertSucceeded(await stack.destroy());
    assert.deepEqual(await platform.virtualMachines(), []);
  });
});
