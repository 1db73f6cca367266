/** What a preview knows of an image that is built later: its digest, what changed, and what services will do. */
import assert from "node:assert/strict";
import * as fs from "node:fs/promises";
import * as path from "node:path";
import { type OperationResult, type Stack, assertSucceeded, changingSteps } from "../../support/engine";
import { freePort } from "../../support/freePorts";
import { TestProject } from "../../support/project";
import { TestPlatform } from "../../support/testPlatform";

const PROGRAM = (port: number): string => `
import * as unikernel from "pulumi-unikernel";
const image = new unikernel.GatewayImage("site", { context: "./site" });
const web = new unikernel.Service("web", {
  ports: [{ port: ${port}, destinationPort: 8080 }],
  replicas: 3,
  template: { image: image.ref, memoryMb: 96 },
});
export const ref = image.ref;
`;

const messagesOf = (result: OperationResult, urnEnd: string): readonly string[] =>
  result.diagnostics.flatMap(({ urn, message }) => (urn?.endsWith(urnEnd) === true ? [message] : []));
const stepsOf = (result: OperationResult): readonly string[] =>
  changingSteps(result)
    .map(({ op, kind, name }) => `${op} ${kind} ${name}`)
    .filter((step) => !step.includes("Stack"))
    .sort();
/** The new image of the service's template, as the preview shows it. */
const previewedImage = ({ output }: OperationResult): string | undefined =>
  /template[\s\S]*?\bimage\s*: (?:"[^"]*" => )?"([^"]*)"/.exec(output)?.[1];

describe("the preview of an image", function () {
  this.timeout(300_000);
  let platform: TestPlatform;
  let project: TestProject;
  let stack: Stack;

  before(async () => {
    platform = await TestPlatform.open();
    process.env["UNIKERNEL_STATE_DIR"] = platform.paths.stateDir;
    await platform.start();
    project = await TestProject.copy("examples/quickstart");
    await project.write("index.ts", PROGRAM(await freePort()));
    stack = project.stack({});
  });
  after(async () => {
    await project.remove();
    delete process.env["UNIKERNEL_STATE_DIR"];
    await platform.close();
  });

  /** Previews and updates, and checks that both agree on the image. */
  async function previewAndUp(): Promise<OperationResult> {
    const preview = assertSucceeded(await stack.preview({ diff: true }));
    const up = assertSucceeded(await stack.up());
    const ref = up.outputs["ref"];
    assert.match(String(ref), /^site-[0-9a-f]{7}@sha256:[0-9a-f]{64}$/);
    assert.equal(previewedImage(preview), ref);
    const { resources } = await stack.state();
    const outputsOf = (name: string) => resources.find(({ urn }) => urn.endsWith(`::${name}`))?.outputs ?? {};
    assert.equal(outputsOf("site")["ref"], ref);
    assert.equal((outputsOf("web")["template"] as Record<string, unknown>)["image"], ref);
    return preview;
  }

  it("knows the digest of an image that does not exist yet, and the update stores that one", async () => {
    assert.deepEqual(stepsOf(await previewAndUp()), ["create GatewayImage site", "create Service web"]);
  });

  it("names the file that changed, and says that the service will roll", async () => {
    await project.write("site/rootfs/www/index.html", "changed");
    const preview = await previewAndUp();
    assert.deepEqual(stepsOf(preview), ["update GatewayImage site", "update Service web"]);
    const images = messagesOf(preview, "::site").map((message) => message.replace(/\d+\.\d MiB/, "(size)"));
    assert.deepEqual(images, [
      "GatewayImage 'site': 1 file changed (/www/index.html).",
      "GatewayImage 'site': the image will take (size).",
      "GatewayImage 'site': the update will build the image again.",
    ]);
    assert.deepEqual(
      messagesOf(preview, "::web").map((message) => message.replace(/sha256:[0-9a-f]{12}…/, "(digest)")),
      [
        "Service 'web': each new replica gets connections once its ports accept them.",
        "Service 'web': the update will roll the changed template out to 3 replicas (rolling): in 3 batches of 1, at most 4 at once, at least 3 serving; 3 of 3 still on (digest).",
      ],
    );
  });

  it("has nothing to say if nothing changed", async () => {
    const preview = assertSucceeded(await stack.preview({ expectNoChanges: true }));
    assert.deepEqual(messagesOf(preview, "::site"), []);
  });

  it("shows a warning of the Kraftfile before the update", async () => {
    const kraftfile = await fs.readFile(path.join(project.folder, "site/Kraftfile"), "utf8");
    await project.write("site/Kraftfile", `${kraftfile}\nvolumes: [/data]\n`);
    await project.write("site/rootfs/www/index.html", "changed again");
    const preview = await previewAndUp();
    assert.match(messagesOf(preview, "::site").join("\n"), /^GatewayImage 'site': .*volumes/m);
    const warnings = preview.diagnostics.filter(({ severity }) => severity === "warning");
    assert.deepEqual(
      warnings.map(({ message }) => /volumes/.test(message)),
      [true],
    );
  });

  it("leaves nothing behind", async () => {
    assertSucceeded(await stack.destroy());
  });
});
