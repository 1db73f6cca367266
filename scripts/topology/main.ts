/**
 * `npm run topology` writes examples/<name>/topology.svg of all examples, and `npm run topology -- <name>` of one, from the resources that
 * the program registers on mocks. test/contract/examples/topology.test.ts fails when a picture is stale.
 */
import * as fs from "node:fs/promises";
import { drawExample, exampleNames, pictureFile } from "./example";

async function main(wanted: readonly string[]): Promise<void> {
  const names = await exampleNames();
  const unknown = wanted.filter((name) => !names.includes(name));
  if (unknown.length > 0) throw new Error(`There is no example '${unknown[0]}'. Examples: ${names.join(", ")}.`);
  for (const name of wanted.length > 0 ? wanted : names) {
    const [file, text] = [pictureFile(name), await drawExample(name)];
    const isStale = (await fs.readFile(file, "utf8").catch(() => "")) !== text;
    if (isStale) await fs.writeFile(file, text);
    console.log(`examples/${name}/topology.svg ${isStale ? "written" : "is up to date"}`);
  }
}

main(process.argv.slice(2)).catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
});
