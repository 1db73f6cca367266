/** A Pulumi project copied to a temporary folder with this package installed, as a user would have it. */
import * as fs from "node:fs/promises";
import * as os from "node:os";
import * as path from "node:path";
import { type Stack, type StackOptions, openStack } from "./engine";

const root = path.resolve(__dirname, "../..");

/** The copy and its stack. */
export class TestProject {
  readonly folder: string;

  private constructor(folder: string) {
    this.folder = folder;
  }

  /** Copies a project of this repository, such as `examples/quickstart`. */
  static async copy(source: string): Promise<TestProject> {
    const folder = await fs.mkdtemp(path.join(os.tmpdir(), "unikernel-project-"));
    const skip = new Set(["node_modules", ".pulumi", "Pulumi.dev.yaml"]);
    await fs.cp(path.join(root, source), folder, { recursive: true, filter: (file) => !skip.has(path.basename(file)) });
    const modules = path.join(folder, "node_modules");
    await fs.mkdir(modules);
    await fs.symlink(root, path.join(modules, "pulumi-unikernel"));
    await fs.symlink(path.join(root, "node_modules/@pulumi"), path.join(modules, "@pulumi"));
    await fs.symlink(path.join(root, "node_modules/typescript"), path.join(modules, "typescript"));
    return new TestProject(folder);
  }

  /**
   * @param environment variables of its operations, in addition to those that every test has
   * @param options of the stack
   */
  stack(
    config: Required<StackOptions>["config"],
    environment: Required<StackOptions>["environment"] = {},
    options: Partial<StackOptions> = {},
  ): Stack {
    return openStack({
      ...options,
      project: this.folder,
      stack: "test",
      config: { "unikernel:metro": "local", ...config },
      environment: {
        UNIKERNEL_STATE_DIR: process.env["UNIKERNEL_STATE_DIR"],
        UKC_TOKEN: undefined,
        UKC_METRO: undefined,
        ...environment,
      },
    });
  }

  /** Writes a file in the copy. */
  async write(file: string, content: string): Promise<void> {
    await fs.mkdir(path.dirname(path.join(this.folder, file)), { recursive: true });
    await fs.writeFile(path.join(this.folder, file), content);
  }

  /** The text of the stack's state on disk, secrets encrypted. */
  async readStoredState(): Promise<string> {
    const [name = ""] = await fs.readdir(path.join(this.folder, ".pulumi", "stacks"));
    return fs.readFile(path.join(this.folder, ".pulumi", "stacks", name, "test.json"), "utf8");
  }

  async remove(): Promise<void> {
    await fs.rm(this.folder, { recursive: true, force: true });
  }
}
