/** Saved plans of a program whose resources have no names: an `up` that keeps to the plan of its preview chooses the same ones. */
import assert from "node:assert/strict";
import * as path from "node:path";
import { type OperationResult, assertSucceeded, changingSteps } from "../../support/engine";
import { makeCertificate } from "../../support/certificates";
import { freePort } from "../../support/freePorts";
import { TestProject } from "../../support/project";
import { TestPlatform } from "../../support/testPlatform";

const KINDS = ["Certificate", "GatewayImage", "Instance", "Service", "Volume"];

/** Kind and operation of what changes, each once. */
const opsOf = (result: OperationResult): readonly string[] =>
  [...new Set(changingSteps(result).flatMap(({ kind, op }) => (KINDS.includes(kind) ? [`${kind} ${op}`] : [])))].sort();

describe("a saved plan of a program without names", function () {
  this.timeout(600_000);
  let platform: TestPlatform;
  let project: TestProject;
  let config: Record<string, string | { secret: string }>;
  before(async () => {
    platform = await TestPlatform.open();
    process.env["UNIKERNEL_STATE_DIR"] = platform.paths.stateDir;
    await platform.start();
    project = await TestProject.copy("test/fixtures/projects/unnamed");
    const { chain, pkey } = makeCertificate("*.example.com", ["*.example.com"]);
    config = {
      "unnamed:port": String(await freePort()),
      "unnamed:groupPort": String(await freePort()),
      "unnamed:restartPolicy": "never",
      "unnamed:memoryMb": "96",
      "unnamed:sizeMb": "8",
      "unnamed:version": "one",
      "unnamed:chain": chain,
      "unnamed:key": { secret: pkey },
    };
  });
  after(async () => {
    await project.remove();
    delete process.env["UNIKERNEL_STATE_DIR"];
    await platform.close();
  });

  async function upAsPlanned(options: { readonly replace?: readonly string[] } = {}): Promise<OperationResult> {
    const plan = path.join(project.folder, "plan.json");
    assertSucceeded(await project.stack(config).preview({ ...options, plan }));
    const result = await project.stack(config).up({ ...options, plan });
    assert.deepEqual(result.output.match(/violates plan.*/g) ?? [], []);
    return assertSucceeded(result);
  }
  const namesOf = (result: OperationResult): readonly string[] => result.outputs["names"] as string[];

  let names: readonly string[];
  let first: readonly string[];

  it("holds for the first update, and each resource has a name of its own", async () => {
    const result = await upAsPlanned();
    assert.deepEqual(
      opsOf(result),
      KINDS.map((kind) => `${kind} create`),
    );
    names = namesOf(result);
    first = names;
    assert.equal(names.length, 12);
    assert.equal(new Set(names.map((name, index) => `${index % 6} ${name}`)).size, 12, "in a component too");
    for (const name of names) assert.match(name, /^(site|data|mounted|certificate|server)-[0-9a-f]{7}$/);
  });

  it("holds for changes in place", async () => {
    const { chain, pkey } = makeCertificate("*.example.com", ["*.example.com"]);
    Object.assign(config, { "unnamed:chain": chain, "unnamed:key": { secret: pkey } });
    Object.assign(config, { "unnamed:memoryMb": "112", "unnamed:sizeMb": "16", "unnamed:version": "two" });
    const result = await upAsPlanned();
    assert.deepEqual(
      opsOf(result),
      KINDS.map((kind) => `${kind} update`),
    );
    assert.deepEqual(namesOf(result), names);
  });

  it("holds for a replacement by a changed input", async () => {
    config["unnamed:restartPolicy"] = "always";
    const result = await upAsPlanned();
    assert.ok(opsOf(result).includes("Instance create-replacement"), opsOf(result).join());
    const replaced = namesOf(result);
    assert.deepEqual(
      replaced.map((name, index) => name.replace(names[index] ?? "", "")),
      names.map((name) => (/^server/.test(name) && names.indexOf(name) % 6 === 4 ? "-2" : "")),
    );
    names = replaced;
  });

  it("holds for a replacement by the input as it was, which gets the first name again", async () => {
    config["unnamed:restartPolicy"] = "never";
    assert.deepEqual(namesOf(await upAsPlanned()), first);
    const instances = (await platform.api("GET", "/v1/instances")).items;
    // Two instances and two replicas.
    assert.equal(instances.length, 4);
    assert.equal(instances.filter(({ restart_policy: policy }) => policy === "never").length, 2);
  });

  it("holds for replacements by flag, which check cannot tell from a new resource", async () => {
    const { resources } = await project.stack(config).state();
    const all = resources.filter(({ type }) => type.includes("dynamic/unikernel:")).map(({ urn }) => urn);
    const before = (await platform.api("GET", "/v1/instances")).items.map(({ uuid }) => uuid);
    const result = await upAsPlanned({ replace: all });
    const after = (await platform.api("GET", "/v1/instances")).items;
    assert.equal(after.length, before.length, "nothing is left, nothing is lost");
    assert.ok(after.every(({ uuid }) => !before.includes(uuid)));
    const named = new Set(namesOf(result));
    for (const kind of ["instances", "services", "volumes", "certificates"] as const) {
      for (const { name } of (await platform.api("GET", `/v1/${kind}`)).items) {
        assert.ok(named.has(name) || [...named].some((service) => name.startsWith(`${service}-`)), `${kind} ${name}`);
      }
    }
    assertSucceeded(await project.stack(config).up({ expectNoChanges: true }));
  });

  it("is destroyed completely", async () => {
    assertSucceeded(await project.stack(config).destroy());
    for (const kind of ["instances", "services", "volumes", "certificates"]) {
      assert.deepEqual((await platform.api("GET", `/v1/${kind}`)).items, [], kind);
    }
  });
});
