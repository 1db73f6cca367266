import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import * as path from "node:path";
import type { ResourceKind } from "../../../../provider/resources/all";

const root = path.resolve(__dirname, "../../../..");

/** The files that a process of its own loads with a script, relative to the checkout. */
function filesLoadedBy(script: string): readonly string[] {
  const code = `
    (async () => {
      const dynamic = require("./provider/pulumi/dynamic/index.ts");
      ${script}
    })().then(() => process.stdout.write("\\n" + JSON.stringify(Object.keys(require.cache))));`;
  const output = execFileSync(process.execPath, ["-r", "tsx/cjs", "-e", code], { cwd: root, encoding: "utf8" });
  const files = JSON.parse(output.split("\n").at(-1) ?? "") as string[];
  return files.map((file) => path.relative(root, file)).filter((file) => !/^node_modules\/(tsx|esbuild)\//.test(file));
}

/** Check and diff of a resource that has not changed. */
const checkUnchanged = (kind: ResourceKind, inputs: object): string => `
  const { check } = require("./provider/definition/check.ts");
  const { resourceOf } = require("./provider/resources/all.ts");
  const args = { name: "it", ...${JSON.stringify(inputs)} };
  const { inputs: state } = await check(resourceOf("${kind}"), {}, args);
  const provider = dynamic.${kind};
  const settings = { "unikernel:metro": "http://127.0.0.1:9", "unikernel:token": "t" };
  await provider.configure({ config: { get: (key) => settings[key] } });
  const { inputs: news, failures } = await provider.check(state, args);
  const { changes } = await provider.diff("id", state, news);
  if (failures.length > 0 || changes) throw new Error(JSON.stringify({ failures, changes }));`;

const SUBJECTS = {
  Instance: { image: "app" },
  Service: {
    ports: [{ port: 443, destinationPort: 8080, handlers: ["tls", "http"] }],
    replicas: 1,
    template: { image: "app" },
  },
  Volume: { sizeMb: 64 },
} as const;

describe("the module that state requires", function () {
  this.timeout(30_000);

  it("loads no package, and of this one only what watches the engine", () => {
    assert.deepEqual(filesLoadedBy("").toSorted(), [
      "provider/pulumi/dynamic/engineConnection.ts",
      "provider/pulumi/dynamic/index.ts",
    ]);
  });

  for (const [kind, inputs] of Object.entries(SUBJECTS)) {
    it(`loads zod, and neither client nor lifecycle, where nothing changes: ${kind}`, () => {
      const files = filesLoadedBy(checkUnchanged(kind as ResourceKind, inputs));
      const packages = files.filter((file) => file.startsWith("node_modules/")).map((file) => file.split("/")[1]);
      assert.deepEqual([...new Set(packages)], ["zod"]);
      const unneeded = files.filter((file) => /lifecycle|httpExchange|client\/client|provider\/image\//.test(file));
      assert.deepEqual(unneeded, []);
      assert.ok(files.includes(`provider/resources/${kind.toLowerCase()}/resource.ts`));
    });
  }
});
