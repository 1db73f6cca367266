/** Every resource option with every kind, with the real engine and the local platform, whose VMs are in memory. */
import assert from "node:assert/strict";
import * as fs from "node:fs/promises";
import * as path from "node:path";
import { TIMEOUTS_KEY, URN_KEY } from "../../../provider/definition/internalKeys";
import { makeCertificate } from "../../support/certificates";
import {
  type OperationResult,
  type Stack,
  type StackState,
  type StateResource,
  assertSucceeded,
} from "../../support/engine";
import { freePortRange } from "../../support/freePorts";
import { TestProject } from "../../support/project";
import { TestPlatform } from "../../support/testPlatform";

const KINDS = ["Instance", "Service", "Volume", "Certificate", "GatewayImage"] as const;
type Kind = (typeof KINDS)[number];
type Outcome = "works" | "warns" | "error";

/** The engine's mark of a secret in state. Source: @pulumi/pulumi `runtime/rpc.ts`. */
const SECRET_MARK = "4dabf18193072939515e22adb298388d";

/** The rows of the table in the documentation. */
async function documentedTable(): Promise<Readonly<Record<string, readonly string[]>>> {
  const text = await fs.readFile(path.join(__dirname, "../../../docs/how-to/resource-options.md"), "utf8");
  const rows = text
    .split("\n")
    .flatMap((line) => (/^\| `/.test(line) ? [line.split("|").map((cell) => cell.trim())] : []));
  return Object.fromEntries(rows.map(([, option = "", ...cells]) => [option.replaceAll("`", ""), cells.slice(0, 5)]));
}

describe("resource options with the real engine", function () {
  this.timeout(600_000);
  const cacheBefore = process.env["UNIKERNEL_STATE_DIR"];
  const table = new Map<string, Map<Kind, Outcome>>();
  let platform: TestPlatform;
  let project: TestProject;
  let firstPort: number;
  let created: OperationResult;
  let createdState: StackState;
  let previewed: OperationResult;
  let changed: OperationResult;
  let changedState: StackState;

  const stackOf = (version: number): Stack =>
    project.stack({ "options:version": String(version), "options:firstPort": String(firstPort) });
  const inState = (state: StackState, name: string): StateResource => {
    const found = state.resources.filter(({ urn, delete: isOld }) => urn.endsWith(`::${name}`) && isOld !== true);
    assert.equal(found.length, 1, name);
    return found[0] as StateResource;
  };
  /** What the engine did to a resource, in order. */
  const opsOf = (result: OperationResult, name: string): readonly string[] =>
    result.steps
      .filter((step) => step.name === name && step.op !== "replace")
      .toSorted((a, b) => a.startedAtMs - b.startedAtMs)
      .map(({ op }) => op);
  const warningsOf = (result: OperationResult, name: string): readonly string[] =>
    result.diagnostics
      .filter(({ severity, urn }) => severity === "warning" && urn?.endsWith(`::${name}`) === true)
      .map(({ message }) => message.trim());
  const namesInMetro = async (kind: Kind): Promise<readonly unknown[]> => {
    const route = { Instance: "instances", Service: "services", Volume: "volumes", Certificate: "certificates" };
    if (kind === "GatewayImage") return [];
    return (await platform.api("GET", `/v1/${route[kind]}`)).items.map(({ name }) => name);
  };

  before(async () => {
    platform = await TestPlatform.open();
    await platform.start();
    process.env["UNIKERNEL_STATE_DIR"] = platform.paths.stateDir;
    project = await TestProject.copy("test/fixtures/projects/options");
    for (const form of [1, 2]) {
      const { chain, pkey } = makeCertificate("shop.example.com", ["shop.example.com"]);
      await project.write(`chain-${form}.pem`, chain);
      await project.write(`key-${form}.pem`, pkey);
    }
    firstPort = await freePortRange(30);
    created = assertSucceeded(await stackOf(1).up());
    createdState = await stackOf(1).state();
    previewed = assertSucceeded(await stackOf(2).preview({ diff: true }));
    changed = assertSucceeded(await stackOf(2).up());
    changedState = await stackOf(2).state();
  });
  after(async () => {
    await project.remove();
    await platform.close();
    if (cacheBefore === undefined) delete process.env["UNIKERNEL_STATE_DIR"];
    else process.env["UNIKERNEL_STATE_DIR"] = cacheBefore;
    const head = `      ${"".padEnd(24)}${KINDS.map((kind) => kind.padEnd(14)).join("")}`;
    const rows = [...table].map(
      ([option, cells]) =>
        `      ${option.padEnd(24)}${KINDS.map((kind) => (cells.get(kind) ?? "-").padEnd(14)).join("")}`,
    );
    console.log([head, ...rows].join("\n"));
  });

  const cell = (option: string, kind: Kind, outcome: Outcome): void => {
    table.set(option, (table.get(option) ?? new Map<Kind, Outcome>()).set(kind, outcome));
  };
  /** One row of the table: what must hold of the resource of each kind. */
  const row = (option: string, outcome: Outcome, check: (name: string, kind: Kind) => Promise<void> | void): void => {
    for (const kind of KINDS) {
      it(`${option}: ${kind} ${outcome}`, async () => {
        const name = `${kind}-${option}`;
        if (outcome === "works") assert.deepEqual(warningsOf(created, name), [], "a warning");
        await check(name, kind);
        cell(option, kind, outcome);
      });
    }
  };

  row("customTimeouts", "works", (name) => {
    assert.deepEqual(inState(createdState, name).outputs?.[TIMEOUTS_KEY], { createMs: 600_000, deleteMs: 5_400_000 });
    assert.deepEqual(opsOf(changed, name), ["update"]);
    assert.deepEqual(inState(changedState, name).outputs?.[TIMEOUTS_KEY], { createMs: 1_200_000, deleteMs: 5_400_000 });
    assert.match(previewed.output, new RegExp(`'${name}': only its timeouts change`));
  });
  for (const option of ["replaceOnChanges", "replacementTrigger", "replaceWith"])
    row(option, "works", (name) => {
      const [id, newId] = [createdState, changedState].map((state) => inState(state, name).id);
      assert.deepEqual(opsOf(changed, name).toSorted(), ["create-replacement", "delete-replaced"]);
      // What has no mark of who made it, and is equal, is taken over by its replacement.
      if (/^(Instance|Service|Volume)/.test(name)) assert.notEqual(id, newId);
    });
  row("deleteBeforeReplace", "works", (name) => {
    assert.deepEqual(opsOf(changed, name), ["delete-replaced", "create-replacement"]);
  });
  row("dependsOn", "works", (name) => {
    const dependencies = inState(createdState, name)["dependencies"] as readonly string[];
    assert.ok(dependencies.some((urn) => urn.endsWith("::owner")));
  });
  row("additionalSecretOutputs", "works", (name, kind) => {
    const value = inState(createdState, name).outputs?.[kind === "GatewayImage" ? "digest" : "name"];
    assert.ok(value !== null && typeof value === "object" && SECRET_MARK in value, JSON.stringify(value));
  });
  row("ignoreChanges", "works", (name) => assert.deepEqual(opsOf(changed, name), ["same"]));
  row("hideDiffs", "works", (name) => {
    assert.deepEqual(opsOf(changed, name), ["update"]);
    const lines = previewed.output.split("\n");
    const first = lines.findIndex((line) => line.endsWith(`::${name}]`));
    const length = lines.slice(first).findIndex((line) => !line.startsWith("      ")); // then messages of others may follow
    const shown = lines.slice(first, first + length).join("\n");
    assert.match(shown, /\(hidden\)/);
    assert.doesNotMatch(shown, /form-2|softLimit: [12]|BEGIN CERTIFICATE/, "the change is shown");
  });
  row("aliases", "works", (name) => {
    assert.deepEqual(opsOf(changed, `${name}-new`), ["same"]);
    const [old, renamed] = [inState(createdState, name), inState(changedState, `${name}-new`)];
    assert.deepEqual([renamed.id, renamed.outputs?.["name"]], [old.id, old.outputs?.["name"]]);
  });
  row("parent", "works", (name) => {
    const { urn, inputs } = inState(createdState, name);
    assert.match(urn, /::options:index:Group\$options:index:Group\$pulumi-nodejs:dynamic/);
    assert.equal(inputs?.[URN_KEY], urn);
  });
  row("provider", "works", (name) => {
    assert.match(String(inState(createdState, name)["provider"]), /::here::/);
    assert.deepEqual(opsOf(changed, name), ["same"]);
  });
  for (const option of ["transforms", "transformations"])
    row(option, "works", (name, kind) => {
      const { inputs, retainOnDelete } = inState(createdState, name);
      assert.equal(retainOnDelete, true, "an option of the engine");
      assert.equal(inputs?.[TIMEOUTS_KEY], undefined, "documented: one that the class passes along is not seen");
      if (option === "transforms" && kind === "Volume") assert.deepEqual(inputs?.["tags"], ["form-5"]);
      if (option === "transforms" && kind === "Service") assert.equal(inputs?.["softLimit"], 5);
    });
  row("hooks", "works", async (name) => {
    const ran = (await fs.readFile(path.join(project.folder, "hooks.log"), "utf8")).split("\n");
    assert.equal(ran.filter((line) => line === name).length, 1);
  });
  row("version", "warns", (name) => {
    assert.deepEqual(
      warningsOf(created, name).map((message) => /the option version has no effect/.test(message)),
      [true],
      "once, attached to its resource",
    );
  });
  row("import", "error", (name) => {
    const message = (created.outputs["thrown"] as Readonly<Record<string, string>>)[name] ?? "";
    assert.match(message, /^INPUT_INVALID: \w+ '.*': the option import does not work.*adopt: true/);
  });

  describe("when the resources are deleted", () => {
    let destroyed: OperationResult;
    let kept: Readonly<Record<Kind, readonly unknown[]>>;
    let refused: OperationResult;
    before(async () => {
      const { resources } = changedState;
      const guarded = resources.filter(({ urn }) => /-protect$/.test(urn)).map(({ urn }) => urn);
      refused = await stackOf(2).destroy({ target: guarded });
      assertSucceeded(await stackOf(3).up());
      destroyed = assertSucceeded(await stackOf(3).destroy());
      const entries = await Promise.all(KINDS.map(async (kind) => [kind, await namesInMetro(kind)] as const));
      kept = Object.fromEntries(entries) as typeof kept;
    });

    row("protect", "works", (name) => {
      assert.equal(refused.succeeded, false);
      assert.match(refused.output, new RegExp(`${name}.*protect`));
      assert.deepEqual(opsOf(destroyed, name), ["delete"], "once it is not protected any more");
    });
    for (const option of ["retainOnDelete", "deletedWith"])
      row(option, "works", (name, kind) => {
        if (kind === "GatewayImage") return; // its layout is a folder that has no names of resources
        assert.ok(kept[kind].includes(inState(changedState, name).outputs?.["name"]), "the object stays in the metro");
      });
    it("leaves nothing else", () => {
      for (const kind of ["Instance", "Service", "Volume", "Certificate"] as const) {
        const expected = ["retainOnDelete", "deletedWith", "transforms", "transformations"].length;
        assert.equal(kept[kind].length, expected, `${kind}: ${kept[kind].join(", ")}`);
      }
    });
    it("is what the documentation says", async () => {
      const found = Object.fromEntries(
        [...table].map(([option, cells]) => [option, KINDS.map((kind) => cells.get(kind))]),
      );
      assert.deepEqual(found, await documentedTable());
    });
  });
});
