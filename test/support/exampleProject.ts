/**
 * An example of `examples/` with the real engine: its literal program in a temporary copy of its folder, a stack in a file
 * backend, and a local platform of its own. The steps are those of an example's life: up, a second up, a change, a refresh,
 * destroy.
 */
import assert from "node:assert/strict";
import * as fs from "node:fs/promises";
import * as path from "node:path";
import { type OperationResult, type Stack, type StackOptions, assertSucceeded, changingSteps } from "./engine";
import { LocalPlatform } from "./localPlatform";
import { TestProject } from "./project";

type Config = Required<StackOptions>["config"];

/** What is different from the example's files and from the configuration so far. */
export interface ExampleChange {
  /** Texts to replace, each by file and found exactly once in it: `["index.ts", "replicas: 2", "replicas: 3"]`. */
  readonly edits?: readonly (readonly [file: string, from: string, to: string])[];
  /** Contents of new or overwritten files, by path in the project. */
  readonly files?: Readonly<Record<string, string>>;
  /** Stack configuration by full key, in addition to what was set before. */
  readonly config?: Config;
}

/** How an example is opened. */
export interface ExampleOptions extends ExampleChange {
  /** Variables of its operations, such as KUBECONFIG, in addition to those that every test has. */
  readonly environment?: Required<StackOptions>["environment"];
  /** Folder of provider plugins beyond those of the engine. */
  readonly plugins?: string;
  /** TCP ports on the loopback that the example listens on and that must be closed at the end. */
  readonly ports?: readonly number[];
  /** An example whose backend and platform this one has too, so that one stack can refer to the other. */
  readonly beside?: ExampleProject;
}

/** What an operation changes, sorted: `update Service web`. */
export const changesOf = (result: OperationResult): readonly string[] =>
  changingSteps(result)
    .map(({ op, kind, name }) => `${op} ${kind} ${name}`)
    .sort();

/** The copy, its stack and its platform. */
export class ExampleProject {
  readonly platform: LocalPlatform;
  readonly project: TestProject;
  private readonly options: ExampleOptions;
  private config: Config = {};

  private constructor(platform: LocalPlatform, project: TestProject, options: ExampleOptions) {
    this.platform = platform;
    this.project = project;
    this.options = options;
  }

  /**
   * Copies the example and applies what the test needs to be different, such as free ports.
   *
   * @param name folder in `examples/`, such as `tyk` or `tyk-hybrid/control-plane`
   */
  static async open(name: string, options: ExampleOptions = {}): Promise<ExampleProject> {
    const example = new ExampleProject(
      options.beside?.platform ?? (await LocalPlatform.open()),
      await TestProject.copy(path.join("examples", name)),
      options,
    );
    await example.apply(options);
    return example;
  }

  /** The stack with the configuration so far, for operations that are no step of their own. */
  get stack(): Stack {
    const { environment, plugins, beside } = this.options;
    return this.project.stack(this.config, environment, {
      ...(plugins === undefined ? {} : { plugins }),
      ...(beside === undefined ? {} : { backend: beside.project.folder }),
    });
  }

  /** Changes files and configuration, without an operation. */
  async apply({ edits = [], files = {}, config = {} }: ExampleChange): Promise<void> {
    for (const [file, from, to] of edits) {
      const text = await fs.readFile(path.join(this.project.folder, file), "utf8");
      assert.equal(text.split(from).length, 2, `${file} must have '${from}' once`);
      await this.project.write(
        file,
        text.replace(from, () => to),
      );
    }
    for (const [file, content] of Object.entries(files)) await this.project.write(file, content);
    this.config = { ...this.config, ...config };
  }

  /** Asserts that a preview is rejected with this message. */
  async previewFails(message: RegExp): Promise<void> {
    const result = await this.stack.preview();
    assert.equal(result.succeeded, false, result.output);
    assert.match(result.output, message);
  }

  /** Asserts that an up ends with this error. */
  async upFails(message: RegExp): Promise<OperationResult> {
    const result = await this.stack.up();
    assert.equal(result.succeeded, false, result.output);
    assert.match(result.output, message);
    return result;
  }

  /** Creates or updates everything. */
  async up(): Promise<OperationResult> {
    return assertSucceeded(await this.stack.up());
  }

  /** Asserts that an up finds every resource as it is declared. */
  async secondUpIsEmpty(): Promise<OperationResult> {
    const result = assertSucceeded(await this.stack.up({ expectNoChanges: true }));
    assert.deepEqual(changesOf(result), []);
    return result;
  }

  /** Applies a change with an up and asserts what that did: `["update GatewayImage site", "update Service web"]`. */
  async change(change: ExampleChange, expected: readonly string[]): Promise<OperationResult> {
    await this.apply(change);
    const result = await this.up();
    assert.deepEqual(changesOf(result), [...expected].sort(), result.output);
    return result;
  }

  /** Asserts that what exists is what the state says. */
  async refreshFindsNothing(): Promise<void> {
    assert.deepEqual(changesOf(assertSucceeded(await this.stack.refresh({ expectNoChanges: true }))), []);
  }

  /** Destroys everything. Asserts that state, processes, sockets, ports and files are gone. */
  async destroyLeavesNothing(): Promise<void> {
    assertSucceeded(await this.stack.destroy());
    const { resources, pendingOperations } = await this.stack.state();
    assert.deepEqual([resources.map(({ urn }) => urn), pendingOperations], [[], []]);
    assert.deepEqual(await this.platform.virtualMachines(), []);
    await this.platform.assertNothingLeft(this.options.ports);
  }

  /** The state as it is stored, secrets encrypted. */
  async readStoredState(): Promise<string> {
    return JSON.stringify(await this.stack.state());
  }

  /** Removes the copy, and what a failed test left. */
  async close(): Promise<void> {
    await this.project.remove();
    if (this.options.beside === undefined) await this.platform.close();
  }
}
