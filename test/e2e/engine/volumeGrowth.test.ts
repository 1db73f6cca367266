/** One `pulumi up` grows a volume under a running instance; the data survives. */
import assert from "node:assert/strict";
import { type OperationResult, assertSucceeded, changingSteps } from "../../support/engine";
import { LocalPlatform, eventually } from "../../support/localPlatform";
import { TestProject } from "../../support/project";

/** Appends a line to a file on the volume, then prints the file and the size of the file system. */
const SCRIPT =
  "echo boot >> /data/boots; " +
  "while read line; do echo kept: $line; done < /data/boots; " +
  "set -- $(df -m /data | tail -n 1); echo size: $2; exec sleep 1000000";

const program = (sizeMb: number, more = "") => `
import * as unikernel from "pulumi-unikernel";
const image = new unikernel.GatewayImage("image", { context: "./image" });
const data = new unikernel.Volume("data", { sizeMb: ${sizeMb}${more} });
const db = new unikernel.Instance("db", {
  image: image.ref,
  memoryMb: 96,
  args: ["/bin/sh", "-c", ${JSON.stringify(SCRIPT)}],
  volumes: [{ volume: data.id, at: "/data" }],
});
export const instanceId = db.id;
export const volumeId = data.id;
`;

const errorsOf = ({ diagnostics }: OperationResult): string =>
  diagnostics
    .filter(({ severity }) => severity === "error")
    .map(({ message }) => message)
    .join("\n");

const opsOf = (result: OperationResult): readonly string[] =>
  changingSteps(result)
    .map(({ op, urn }) => `${op} ${urn.split("::").at(-1)}`)
    .filter((step) => !step.endsWith(" image"));

describe("a volume that grows under a running instance", function () {
  this.timeout(300_000);
  let platform: LocalPlatform;
  let project: TestProject;
  let id: string;
  before(async () => {
    platform = await LocalPlatform.open();
    project = await TestProject.copy("test/fixtures/projects/badInput");
    await project.write("index.ts", program(16));
    id = String(assertSucceeded(await project.stack({}).up()).outputs["instanceId"]);
    await eventually("the first boot has printed the size", async () => (await printedSizeMb()) > 0);
    assert.ok((await printedSizeMb()) < 16);
  });
  after(async () => {
    await project.remove();
    await platform.close();
  });

  /** Lines of the console's end, which holds the last boot. */
  const linesOf = async (prefix: string) =>
    (await platform.readConsole(id)).split("\n").flatMap((line) => (line.startsWith(prefix) ? [line.trim()] : []));
  /** Size of the file system in MiB, as the last boot printed it; 0 before that. */
  const printedSizeMb = async () => Number((await linesOf("size: ")).at(-1)?.slice("size: ".length) ?? 0);
  const instance = async () => (await platform.client.getInstances({ query: { uuid: [id] } })).items[0];

  it("is refused at preview without allowRestart, with the way out", async () => {
    await project.write("index.ts", program(32));
    const before = await platform.virtualMachines();
    const result = await project.stack({}).preview();
    assert.equal(result.succeeded, false);
    assert.match(
      errorsOf(result),
      /resource 'data' has a problem: IN_USE: sizeMb: Volume '(data-[0-9a-f]{7})' cannot grow while instance '(db-[0-9a-f]{7})' uses it\. Set allowRestart: true on the volume to let the update stop instance '\2', grow the volume and start it again\./,
    );
    assert.deepEqual(await platform.virtualMachines(), before);
  });

  it("is refused at preview with allowRestart if somebody else's instance uses it", async () => {
    const theirs = 'tags: ["free"]';
    await platform.client.patchInstances({ body: [{ uuid: id, prop: "tags", op: "set", value: ["theirs"] }] });
    await project.write(
      "index.ts",
      program(32, ", allowRestart: true").replace("memoryMb: 96", `memoryMb: 96, ${theirs}`),
    );
    assert.match(
      errorsOf(await project.stack({}).preview()),
      /IN_USE: sizeMb: .*, which this stack does not manage\. Remove it/,
    );
  });

  it("grows in one update, which says what it restarts, and the data survives", async () => {
    // The mark comes back with the next change of the tags.
    await project.write("index.ts", program(16).replace("memoryMb: 96", 'memoryMb: 96, tags: ["ours"]'));
    assertSucceeded(await project.stack({}).up());
    const grown = program(32, ", allowRestart: true").replace("memoryMb: 96", 'memoryMb: 96, tags: ["ours"]');
    await project.write("index.ts", grown);
    const said =
      /Volume 'data': the update stops instance 'db-[0-9a-f]{7}' before it grows the volume, and starts it afterwards\./;
    assert.match(assertSucceeded(await project.stack({}).preview()).output, said);
    const result = assertSucceeded(await project.stack({}).up());
    assert.match(result.output, said);
    assert.deepEqual(opsOf(result), ["update data"]);
    assert.equal(result.outputs["instanceId"], id);
    await eventually("the second boot has printed a larger size", async () => (await printedSizeMb()) > 24);
    assert.ok((await printedSizeMb()) <= 32);
    assert.deepEqual((await linesOf("kept: ")).slice(-2), ["kept: boot", "kept: boot"]);
    const { state, start_count } = (await instance()) ?? {};
    assert.deepEqual([state, start_count], ["running", 2]);
  });

  it("has nothing left to do", async () => {
    assert.deepEqual(opsOf(assertSucceeded(await project.stack({}).refresh({ expectNoChanges: true }))), []);
    assert.deepEqual(opsOf(assertSucceeded(await project.stack({}).up({ expectNoChanges: true }))), []);
  });

  it("is destroyed completely", async () => {
    assertSucceeded(await project.stack({}).destroy());
    await platform.assertNothingLeft();
  });
});
