/**
 * `npm run trace`: traces real requests and prints the files of the local platform that each passes through.
 *
 * Every function, method and named arrow function of provider/platform reports its entry while a request is handled;
 * accessors, constructors and inline callbacks do not. Consecutive entries in one file are one stay; entering a file again
 * is a return.
 */
import { AsyncLocalStorage } from "node:async_hooks";
import * as http from "node:http";
import Module from "node:module";
import * as path from "node:path";
import ts from "typescript";

const root = path.resolve(__dirname, "..");
const traced = path.join(root, "provider", "platform") + path.sep;

/** A request in progress. */
interface Trace {
  readonly response: http.ServerResponse | undefined;
  /** The file of each function entered, in order. */
  readonly entries: string[];
}

const traces = new AsyncLocalStorage<Trace>();
Reflect.set(globalThis, "__entered", (file: string): void => {
  const trace = traces.getStore();
  if (trace?.response?.writableEnded === false) trace.entries.push(file);
});

/** True for a function that is assigned to a name; the compiler wraps it as `__name(() => …, "name")`. */
const hasName = ({ parent }: ts.Expression): boolean =>
  ts.isVariableDeclaration(parent) || (ts.isCallExpression(parent) && parent.expression.getText() === "__name");

/** True for `__copyProps` and the like, which the compiler adds to each module. */
const isCompilerHelper = (node: ts.Node): boolean =>
  ts.isVariableDeclaration(node) && ts.isIdentifier(node.name) && node.name.text.startsWith("__");

/** Instruments JavaScript so that each named function reports its file on entry. */
function instrument(code: string, file: string): string {
  const source = ts.createSourceFile("module.js", code, ts.ScriptTarget.Latest, true, ts.ScriptKind.JS);
  const call = `__entered(${JSON.stringify(path.relative(traced, file))})`;
  const edits: { readonly at: number; readonly text: string }[] = [];
  const visit = (node: ts.Node): void => {
    if (isCompilerHelper(node)) return;
    const isNamed =
      ts.isFunctionDeclaration(node) ||
      ts.isMethodDeclaration(node) ||
      ((ts.isArrowFunction(node) || ts.isFunctionExpression(node)) && hasName(node));
    if (isNamed && node.body !== undefined) {
      if (ts.isBlock(node.body)) edits.push({ at: node.body.getStart(source) + 1, text: `${call};` });
      else edits.push({ at: node.body.getStart(source), text: `(${call}, ` }, { at: node.body.end, text: ")" });
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return edits
    .sort((a, b) => b.at - a.at)
    .reduce((text, { at, text: inserted }) => text.slice(0, at) + inserted + text.slice(at), code);
}

type Compile = (this: NodeJS.Module, code: string, file: string, ...rest: unknown[]) => unknown;
const modulePrototype = Module.prototype as unknown as { _compile: Compile };
const compile = modulePrototype._compile;
modulePrototype._compile = function (code, file, ...rest) {
  return compile.call(this, file.startsWith(traced) ? instrument(code, file) : code, file, ...rest);
};

/** Merges consecutive entries in one file into one stay. */
const staysOf = (entries: readonly string[]): readonly string[] =>
  entries.filter((file, index) => file !== entries[index - 1]);

async function main(): Promise<void> {
  const { TestPlatform } = await import("../test/support/testPlatform.js");
  const platform = await TestPlatform.open();
  await platform.start();

  let entries: string[] = [];
  const emit = http.Server.prototype.emit as (this: http.Server, ...args: unknown[]) => boolean;
  http.Server.prototype.emit = function (this: http.Server, ...args: unknown[]): boolean {
    if (args[0] !== "request") return emit.apply(this, args);
    entries = [];
    return traces.run({ response: args[2] as http.ServerResponse, entries }, () => emit.apply(this, args));
  };

  const report = async (method: string, target: string, body?: unknown): Promise<string> => {
    const { items } = await platform.api(method, target, body);
    if (items[0]?.["status"] !== "success") throw new Error(`${method} ${target}: ${JSON.stringify(items)}`);
    const stays = staysOf(entries);
    const files = new Set(stays);
    console.log(`${method} ${target.replace(items[0].uuid, "{uuid}")}`);
    console.log(`  ${stays.join(" → ")}`);
    console.log(`  ${files.size} files, ${stays.length} stays, ${stays.length - files.size} returns`);
    return items[0].uuid;
  };
  try {
    const uuid = await report("POST", "/v1/instances", { image: "app:1", memory_mb: 64 });
    await report("GET", `/v1/instances/${uuid}`);
    await report("GET", "/v1/instances");
    await report("PUT", `/v1/instances/${uuid}/start`);
    await report("PUT", `/v1/instances/${uuid}/stop`);
    await report("DELETE", `/v1/instances/${uuid}`);
  } finally {
    await platform.close();
  }
}

void main();
