/** Images of metro `local` with a given name: two resources and two stacks never share one. */
import assert from "node:assert/strict";
import * as childProcess from "node:child_process";
import * as path from "node:path";
import { openLayout } from "../../../provider/image/oci/layout";
import { type OperationResult, type Stack, assertSucceeded } from "../../support/engine";
import { TestProject } from "../../support/project";
import { TestPlatform } from "../../support/testPlatform";

const COMMAND = path.join(__dirname, "..", "..", "..", "dist", "provider", "cli", "main.js");

const program = (...images: readonly string[]): string =>
  ['import * as unikernel from "pulumi-unikernel";', ...images].join("\n");
const image = (resource: string, args: string): string =>
  `new unikernel.GatewayImage("${resource}", { context: "./site", ${args} });`;

const errorsOf = ({ diagnostics }: OperationResult): string =>
  diagnostics.flatMap(({ severity, message }) => (severity === "error" ? [message] : [])).join("\n");

describe("images with a given name", function () {
  this.timeout(300_000);
  let platform: TestPlatform;
  let first: TestProject;
  let second: TestProject;
  let stacks: readonly [Stack, Stack];

  before(async () => {
    platform = await TestPlatform.open();
    process.env["UNIKERNEL_STATE_DIR"] = platform.paths.stateDir;
    await platform.start();
    [first, second] = [await TestProject.copy("examples/quickstart"), await TestProject.copy("examples/quickstart")];
    // Of two projects: stacks of one name in one project would be the same owner.
    await second.write("Pulumi.yaml", "name: another\nruntime: nodejs\n");
    stacks = [first.stack({}), second.stack({})];
  });
  after(async () => {
    await first.remove();
    await second.remove();
    delete process.env["UNIKERNEL_STATE_DIR"];
    await platform.close();
  });

  const digestsOf = async (name: string): Promise<readonly string[]> =>
    (await openLayout(platform.paths.imagesDir).list()).flatMap((one) => (one.repository === name ? [one.digest] : []));

  it("fail the preview if two resources of a program would have one repository", async () => {
    await first.write("index.ts", program(image("a", 'name: "site"'), image("b", 'name: "site"')));
    assert.match(
      errorsOf(await stacks[0].preview()),
      /ALREADY_EXISTS: 'site' is also the name of GatewayImage '[ab]' in this program\. Choose another name/,
    );
    const pushed = 'repository: "127.0.0.1:9/acme/site"';
    await first.write("index.ts", program(image("a", pushed), image("b", pushed)));
    assert.match(
      errorsOf(await stacks[0].preview()),
      /ALREADY_EXISTS: '127\.0\.0\.1:9\/acme\/site' is also the repository of GatewayImage '[ab]' in this program\./,
    );
    const [there, elsewhere] = ["there", "elsewhere"].map(
      (name) => `name: "site", repository: "127.0.0.1:9/acme/${name}"`,
    );
    await first.write("index.ts", program(image("a", there ?? ""), image("b", elsewhere ?? "")));
    assertSucceeded(await stacks[0].preview());
  });

  it("are one stack's, and another stack neither takes nor removes them", async () => {
    for (const project of [first, second]) await project.write("index.ts", program(image("site", 'name: "site"')));
    assertSucceeded(await stacks[0].up());
    const before = await digestsOf("site");
    assert.equal(before.length, 1);
    const taken =
      /ALREADY_EXISTS: name: image 'site' exists on this machine already\..*npx unikernel delete image site --metro local/;
    assert.match(errorsOf(await stacks[1].preview()), taken);
    assertSucceeded(await stacks[1].destroy());
    assert.deepEqual(await digestsOf("site"), before);
    assertSucceeded(await stacks[0].up({ expectNoChanges: true }));
  });

  it("stay with a resource that is renamed with an alias", async () => {
    await first.write(
      "index.ts",
      program(image("renamed", 'name: "site"').replace(");", ', { aliases: [{ name: "site" }] });')),
    );
    assertSucceeded(await stacks[0].up());
    assert.equal((await digestsOf("site")).length, 1);
    assertSucceeded(await stacks[0].destroy());
    assert.deepEqual(await digestsOf("site"), []);
  });

  it("are free again after a destroy, or after the command that the failure names", async () => {
    assertSucceeded(await stacks[1].up());
    const command = [COMMAND, "delete", "image", "site", "--metro", "local"];
    const refused = childProcess.spawnSync(process.execPath, command, { encoding: "utf8" });
    assert.match(
      refused.stderr,
      /^IN_USE: The image 'site' was made by a stack, .*nothing was deleted\..*add --managed/,
    );
    assert.equal((await digestsOf("site")).length, 1);
    childProcess.execFileSync(process.execPath, [...command, "--managed"]);
    assert.deepEqual(await digestsOf("site"), []);
    await first.write("index.ts", program(image("site", 'name: "site"')));
    assertSucceeded(await stacks[0].up());
    assertSucceeded(await stacks[0].destroy());
    assertSucceeded(await stacks[1].destroy());
    assert.deepEqual(await digestsOf("site"), []);
  });
});
