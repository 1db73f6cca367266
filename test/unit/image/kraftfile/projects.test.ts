/** Miniatures of real projects, labelled by hand. Prints how many of them match. */
import assert from "node:assert/strict";
import * as fs from "node:fs";
import * as path from "node:path";
import { readInstanceLabels } from "../../../../provider/image/kraftfile/instanceLabels";
import { loadKraftfile } from "../../../../provider/image/kraftfile/loadKraftfile";
import type { RootfsSource } from "../../../../provider/image/kraftfile/model";

const FOLDER = path.resolve("test/fixtures/kraftfiles");

interface Source {
  readonly path: string;
  readonly type: string | null;
  readonly dockerfile?: string;
  readonly format?: string;
}

/** `expected.json`; README.md of the folder explains it. */
interface Expected {
  readonly file?: string;
  readonly runtime: string | null;
  readonly cmd: readonly string[] | null;
  readonly env: Readonly<Record<string, string>>;
  readonly rootfs: Source | null;
  readonly roms?: readonly Source[];
  readonly scaleToZero?: object;
  readonly compiles?: string;
  readonly kernelFile?: string;
  readonly name?: string;
}

const toSource = ({ path, type, dockerfile, format }: RootfsSource): Source => ({
  path,
  type: type ?? null,
  ...(dockerfile === undefined ? {} : { dockerfile }),
  ...(format === undefined ? {} : { format }),
});

const projects = fs
  .readdirSync(FOLDER, { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map(({ name }) => name);

describe("projects like public ones", () => {
  let matched = 0;
  for (const project of projects) {
    it(`give the runtime, cmd, env and rootfs of the label: ${project}`, async () => {
      const context = path.join(FOLDER, project);
      const label = JSON.parse(fs.readFileSync(path.join(context, "expected.json"), "utf8")) as Expected;
      const { kraftfile, displayPath } = await loadKraftfile(context);
      assert.equal(path.basename(displayPath), label.file ?? "Kraftfile");
      assert.equal(kraftfile.runtime ?? null, label.runtime);
      assert.deepEqual(kraftfile.cmd ?? null, label.cmd);
      assert.deepEqual(Object.entries(kraftfile.env), Object.entries(label.env));
      assert.deepEqual(kraftfile.rootfs === undefined ? null : toSource(kraftfile.rootfs), label.rootfs);
      assert.deepEqual(kraftfile.roms.map(toSource), label.roms ?? []);
      assert.deepEqual(readInstanceLabels(kraftfile.labels).scaleToZero, label.scaleToZero);
      assert.equal(kraftfile.compiles?.key, label.compiles);
      assert.equal(kraftfile.kernelFile?.path, label.kernelFile);
      if (label.name !== undefined) assert.equal(kraftfile.name, label.name);
      matched++;
    });
  }
  after(() => console.log(`    ${matched} of ${projects.length} labelled projects match`));

  it("are at least 40", () => assert.ok(projects.length >= 40));
});
