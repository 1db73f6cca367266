/** Writes schema.json, the generated sources of sdk/ and docs/reference/ from the definitions; with --check, only reports the stale ones. */
import * as fs from "node:fs";
import * as path from "node:path";
import * as prettier from "prettier";
import { functionsSource } from "./functionSource";
import { packageSchema } from "./packageSchema";
import { referencePages } from "./reference/pages";
import { classSource, typesSource } from "./resourceSource";
import { functions } from "../../provider/functions/all";
import { resources } from "../../provider/resources/all";

const root = path.resolve(__dirname, "../..");

/** File name → content, formatted with the repository's prettier settings. */
export async function generate(): Promise<ReadonlyMap<string, string>> {
  const info = JSON.parse(fs.readFileSync(path.join(root, "package.json"), "utf8")) as {
    version: string;
    description: string;
  };
  const definitions = Object.values(resources);
  const functionDefinitions = Object.values(functions);
  const files = new Map([
    ["schema.json", JSON.stringify(packageSchema(definitions, functionDefinitions, info))],
    ["sdk/types.ts", typesSource([...definitions, ...functionDefinitions])],
    ["sdk/functions.ts", functionsSource(functionDefinitions)],
    ...definitions.map((d) => [`sdk/${d.kind[0]?.toLowerCase() ?? ""}${d.kind.slice(1)}.ts`, classSource(d)] as const),
    ...referencePages(),
  ]);
  for (const [name, text] of files) {
    const config = await prettier.resolveConfig(path.join(root, name));
    files.set(name, await prettier.format(text, { ...config, filepath: path.join(root, name) }));
  }
  return files;
}

if (require.main === module) {
  void generate().then((files) => {
    const stale = [...files].filter(([name, text]) => {
      const file = path.join(root, name);
      return !fs.existsSync(file) || fs.readFileSync(file, "utf8") !== text;
    });
    if (process.argv.includes("--check")) {
      for (const [name] of stale) console.error(`${name} is stale: run 'npm run generate'.`);
      process.exitCode = stale.length === 0 ? 0 : 1;
    } else {
      for (const [name, text] of stale) fs.writeFileSync(path.join(root, name), text);
      console.log(
        stale.length === 0 ? "All generated files are up to date." : `Wrote ${stale.map(([name]) => name).join(", ")}.`,
      );
    }
  });
}
