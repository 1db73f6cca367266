/** The project of a soak: its stack's settings and state, and the environment of its operations. */
import { execFile } from "node:child_process";
import * as fs from "node:fs/promises";
import * as path from "node:path";
import { promisify } from "node:util";
import { findEngine, operationEnvironment } from "../support/engine";
import { TestProject } from "../support/project";
import { EngineSession } from "./engineSession";
import { type HeldResource, OBJECT_KINDS } from "./compare";

/** The value of `soak:variant`; see the program in `test/fixtures/projects/soak`. */
export type Variant = Readonly<Record<string, unknown>>;

/** Those of the program's Service. A refresh may write another number to the state. */
const REPLICAS = 2;

interface StateResource {
  readonly type: string;
  readonly id?: string;
}

/** A copy of the program with an empty stack. */
export class SoakProject implements AsyncDisposable {
  readonly environment: NodeJS.ProcessEnv;
  readonly #project: TestProject;
  /** Its settings and state right after it was made. */
  #emptySettings = "";
  #emptyState = "";

  private constructor(project: TestProject, environment: NodeJS.ProcessEnv) {
    this.#project = project;
    this.environment = environment;
  }

  /** @param stateDir folder of the local platform's state */
  static async create(stateDir: string): Promise<SoakProject> {
    const project = await TestProject.copy("test/fixtures/projects/soak");
    const engine = findEngine();
    const environment = operationEnvironment(engine, project.folder, {
      UNIKERNEL_STATE_DIR: stateDir,
      UKC_METRO: "local",
      UKC_TOKEN: undefined,
      SOAK_PULUMI: engine.pulumi,
      // The engine's file store writes attributes beside each file, not atomically: a kill in between makes the state unreadable.
      PULUMI_BACKEND_URL: `file://${project.folder}?metadata=skip`,
    });
    const soak = new SoakProject(project, environment);
    await fs.mkdir(path.join(project.folder, ".pulumi"), { recursive: true });
    await promisify(execFile)(engine.pulumi, ["stack", "init", "soak", "--non-interactive"], {
      cwd: project.folder,
      env: environment,
    });
    soak.#emptySettings = await fs.readFile(soak.#settingsFile, "utf8");
    soak.#emptyState = await fs.readFile(soak.#stateFile, "utf8");
    return soak;
  }

  get #settingsFile(): string {
    return path.join(this.#project.folder, "Pulumi.soak.yaml");
  }

  get #stateFile(): string {
    return path.join(this.#project.folder, ".pulumi", "stacks", "soak", "soak.json");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#project.remove();
  }

  openSession(): EngineSession {
    return new EngineSession(this.#project.folder, this.environment);
  }

  get folder(): string {
    return this.#project.folder;
  }

  /** Sets what the next operation's program asks for. */
  async setVariant(variant: Variant): Promise<void> {
    const config = { "unikernel:metro": "local", "soak:variant": JSON.stringify(variant) };
    const lines = Object.entries(config).map(([key, value]) => `  ${key}: ${JSON.stringify(value)}\n`);
    await fs.writeFile(this.#settingsFile, `${this.#emptySettings.trimEnd()}\nconfig:\n${lines.join("")}`);
  }

  /** Empties the state, with what an earlier run left in it, and unlocks it. */
  async reset(): Promise<void> {
    await fs.rm(path.join(this.folder, ".pulumi", "locks"), { recursive: true, force: true });
    await fs.writeFile(this.#stateFile, this.#emptyState);
  }

  /** What the state holds of the metro's objects, also what the engine has yet to delete. */
  async heldResources(): Promise<readonly HeldResource[]> {
    const { checkpoint } = JSON.parse(await fs.readFile(this.#stateFile, "utf8")) as {
      checkpoint: { latest?: { resources?: StateResource[] } };
    };
    return (checkpoint.latest?.resources ?? []).flatMap(({ type, id }) => {
      const kind = OBJECT_KINDS.find((one) => type.endsWith(`unikernel:${one}`));
      if (kind === undefined || id === undefined) return [];
      return [{ kind, id, replicas: kind === "Service" ? REPLICAS : 0 }];
    });
  }
}
