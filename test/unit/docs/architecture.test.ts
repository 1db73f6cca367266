import assert from "node:assert/strict";
import * as fs from "node:fs";
import { createRequire } from "node:module";
import * as path from "node:path";
import { markdownPage } from "../../support/markdown";

const root = path.resolve(__dirname, "../../..");
const page = markdownPage("docs/architecture.md");

/** A rule of dependency-cruiser, as far as it is read here. */
interface ImportRule {
  readonly name: string;
  readonly comment: string;
}
const { forbidden } = createRequire(__filename)(path.join(root, ".dependency-cruiser.cjs")) as {
  readonly forbidden: readonly ImportRule[];
};

/** `layer-client` says in its comment: provider/client may import contract, base of provider/. */
const layers = Object.fromEntries(
  forbidden
    .filter(({ name }) => name.startsWith("layer-"))
    .map(({ name, comment }) => {
      const [, allowed = ""] = /may import (.*) of provider\/\.$/.exec(comment) ?? [];
      return [name.slice("layer-".length), allowed === "nothing else" ? "nothing" : allowed];
    }),
);

function assertPathsExist(file: string): void {
  const named = markdownPage(file).text.matchAll(
    /(?<![\w/.])(?:provider|sdk|scripts|test|examples|docs)\/[\w./-]*\w\/?/g,
  );
  const paths = [...new Set([...named].map(([place]) => place))];
  assert.ok(paths.length > 15, `${paths.length} paths were found in ${file}`);
  assert.deepEqual(
    paths.filter((place) => !fs.existsSync(path.join(root, place))),
    [],
  );
}

describe("the architecture page", () => {
  it("lists the layers that the linter enforces, with what each may import", () => {
    const rows = [...page.text.matchAll(/^\| `provider\/(\w+)` *\|.*?\| ([^|]*?) *\|$/gm)].map(
      ([, folder = "", allowed = ""]) => [folder, allowed],
    );
    assert.ok(Object.keys(layers).length > 5);
    assert.deepEqual(Object.fromEntries(rows), layers);
  });

  it("names only files and folders that exist", () => {
    assertPathsExist("docs/architecture.md");
  });

  it("has a row for every folder of provider/", () => {
    assert.deepEqual(Object.keys(layers).sort(), fs.readdirSync(path.join(root, "provider")).sort());
  });

  it("draws a request in the order in which the daemon handles it", () => {
    const handler = fs.readFileSync(path.join(root, "provider/platform/http/handleRequest.ts"), "utf8");
    const body = handler.slice(handler.indexOf("export async function handleRequest"));
    const calls = ["isAuthorized(", "readBody(", "routeRequest(", "handlers[name]", "sendItems("];
    const places = calls.map((call) => body.indexOf(call));
    assert.ok(!places.includes(-1), "handleRequest does each step");
    assert.deepEqual(
      places,
      places.toSorted((a, b) => a - b),
    );
    const drawn = ["handleRequest.ts", "parse/readBody.ts", "router.ts", "http/parse/ ", "handlers/ ", "response.ts"];
    const diagram = page.text.slice(page.text.indexOf("## A request through the daemon"));
    const rows = drawn.map((file) => diagram.indexOf(file));
    assert.ok(!rows.includes(-1), "the diagram has each step");
    assert.deepEqual(
      rows,
      rows.toSorted((a, b) => a - b),
    );
  });

  it("draws a create as modules that import one another", () => {
    const steps: readonly (readonly [string, string])[] = [
      ["sdk/instance.ts", "./resource"],
      ["provider/pulumi/dynamic/provider.ts", "checkResource"],
      ["provider/pulumi/checkResource.ts", "definition/check"],
      ["provider/resources/instance/lifecycle.ts", "./wire"],
      ["provider/resources/instance/lifecycle.ts", "client/transport/createOrRecover"],
      ["provider/client/client.ts", "./transport/sendRequest"],
    ];
    for (const [file, imported] of steps) {
      assert.ok(page.text.includes(file), file);
      const source = fs.readFileSync(path.join(root, file), "utf8");
      assert.match(source, new RegExp(`from "[./]*${imported.replace(/^\.\//, "")}"`), `${file} imports ${imported}`);
    }
  });
});

describe("CONTRIBUTING.md", () => {
  it("names only files and folders that exist", () => {
    assertPathsExist("CONTRIBUTING.md");
  });
});
