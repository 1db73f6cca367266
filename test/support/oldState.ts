/** States that an older release wrote, with their programs: see test/fixtures/state/README.md. */
import * as childProcess from "node:child_process";
import * as crypto from "node:crypto";
import * as fs from "node:fs/promises";
import * as path from "node:path";
import { type Stack, openStack } from "./engine";
import type { Registration } from "./programInputs";
import { TestProject } from "./project";

type Json = Readonly<Record<string, unknown>>;

/** Names of the states. */
export type OldStateName = "everything" | "cloud" | "partialFailure" | "lookUps";

/** The format of `pulumi stack export`, as far as it is read here. */
export interface Deployment {
  readonly version: number;
  readonly deployment: {
    readonly secrets_providers: { readonly state: { readonly salt: string } };
    readonly resources: readonly StoredResource[];
  };
}

/** A resource of a state as it is stored. */
export interface StoredResource {
  readonly urn: string;
  readonly type: string;
  readonly id?: string;
  readonly inputs?: Json;
  readonly outputs?: Json;
  readonly provider?: string;
  readonly initErrors?: readonly string[];
}

/** A resource of a state, secrets in clear. */
export interface OldResource {
  readonly name: string;
  readonly type: string;
  /** Last part of the type: `Instance`. */
  readonly kind: string;
  readonly id: string;
  /** Name of its explicit Provider; empty for none. */
  readonly provider: string;
  readonly inputs: Json;
  readonly outputs: Json;
}

const fixtures = path.resolve(__dirname, "../fixtures");

/** The passphrase of the secrets in the states. The engine's tests use it too. */
const PASSPHRASE = "unikernel";

/** The metro and settings of each state. */
export const SETTINGS: Readonly<Record<OldStateName, Readonly<Record<string, string>>>> = {
  everything: { metro: "local" },
  // Nothing listens there: every request to this metro fails.
  cloud: { metro: "http://127.0.0.1:28460", token: "t0ken" },
  partialFailure: { metro: "local" },
  lookUps: { metro: "local" },
};

/** The state as it was exported. */
export const readDeployment = async (name: OldStateName): Promise<Deployment> =>
  JSON.parse(await fs.readFile(path.join(fixtures, "state", `${name}.json`), "utf8")) as Deployment;

/** Every resource of this package in a state. */
export function oldResources({ deployment }: Deployment): readonly OldResource[] {
  const decrypt = decrypter(deployment.secrets_providers.state.salt);
  return deployment.resources
    .filter(({ type }) => type.startsWith("pulumi-nodejs:dynamic/unikernel:") || isExplicitProvider(type))
    .map(({ urn, type, id = "", provider = "", inputs = {}, outputs = {} }) => {
      const byName = provider.split("::").at(-2) ?? "";
      return {
        ...{ type, id, kind: type.split(":").at(-1) ?? "", name: urn.split("::").at(-1) ?? "" },
        provider: byName.startsWith("default") ? "" : byName,
        inputs: decrypt(inputs) as Json,
        outputs: decrypt(outputs) as Json,
      };
    })
    .filter(({ name }) => !name.startsWith("default"));
}

const isExplicitProvider = (type: string): boolean => type === "pulumi:providers:pulumi-nodejs";

/** Source: Pulumi `sdk/go/common/resource/properties.go`: the signature of values that are not plain, and that of secrets. */
const SIGNATURE = "4dabf18193072939515e22adb298388d";
const SECRET = "1b47061264138c4ac30d75fd1eb44270";

/**
 * Reads secrets without an engine. Source of the format: Pulumi `sdk/go/common/resource/config/crypt.go`, AES-256-GCM with a key
 * of PBKDF2; the salt is `v1:<salt>:<a sample>`, a secret `v1:<nonce>:<ciphertext and tag>`, each in base64.
 */
function decrypter(state: string): (value: unknown) => unknown {
  const salt = Buffer.from(state.split(":")[1] ?? "", "base64");
  const key = crypto.pbkdf2Sync(PASSPHRASE, salt, 1_000_000, 32, "sha256");
  const plain = (ciphertext: string): unknown => {
    const [, nonce = "", text = ""] = ciphertext.split(":");
    const bytes = Buffer.from(text, "base64");
    const decipher = crypto.createDecipheriv("aes-256-gcm", key, Buffer.from(nonce, "base64"));
    decipher.setAuthTag(bytes.subarray(-16));
    return JSON.parse(Buffer.concat([decipher.update(bytes.subarray(0, -16)), decipher.final()]).toString("utf8"));
  };
  const decrypt = (value: unknown): unknown => {
    if (value === null || typeof value !== "object") return value;
    if (Array.isArray(value)) return value.map(decrypt);
    const members = value as Json;
    if (members[SIGNATURE] === SECRET) return decrypt(plain(String(members["ciphertext"])));
    return Object.fromEntries(Object.entries(members).map(([name, member]) => [name, decrypt(member)]));
  };
  return decrypt;
}

/** A project with the program of a state. */
export class OldProject {
  readonly name: OldStateName;
  readonly folder: string;
  /** State folder of a local platform; it does not exist, and no preview should create it. */
  readonly platform: string;
  private readonly project: TestProject;

  private constructor(name: OldStateName, project: TestProject) {
    this.name = name;
    this.project = project;
    this.folder = project.folder;
    this.platform = path.join(project.folder, "platform");
  }

  static async open(name: OldStateName): Promise<OldProject> {
    const project = await TestProject.copy("test/fixtures/state");
    await fs.cp(path.join(fixtures, "certificates"), path.join(project.folder, "certificates"), { recursive: true });
    await project.write("index.ts", `export * from "./${name}";\n`);
    return new OldProject(name, project);
  }

  /** Edits the program. Each text must occur exactly once. */
  async edit(changes: Readonly<Record<string, string>>): Promise<void> {
    const file = path.join(this.folder, `${this.name}.ts`);
    let program = await fs.readFile(file, "utf8");
    for (const [text, other] of Object.entries(changes)) {
      if (program.split(text).length !== 2) throw new Error(`not once in ${this.name}.ts: ${text}`);
      program = program.replace(text, () => other);
    }
    await fs.writeFile(file, program);
  }

  /** The stack of the state, with its name, which the URNs contain. */
  stack(): Stack {
    const settings = Object.entries(SETTINGS[this.name]).map(([key, value]) => [`unikernel:${key}`, value] as const);
    return openStack({
      project: this.folder,
      stack: "dev",
      config: Object.fromEntries(settings),
      environment: { UNIKERNEL_STATE_DIR: this.platform, UKC_TOKEN: undefined, UKC_METRO: undefined },
    });
  }

  /** The resources that the program registers, run against mocks of the engine. */
  async registered(resources: readonly OldResource[]): Promise<readonly Registration[]> {
    const child = childProcess.fork(path.join(__dirname, "programInputs.ts"), [], {
      cwd: this.folder,
      execArgv: ["-r", require.resolve("tsx/cjs")],
      stdio: ["ignore", "inherit", "inherit", "ipc"],
    });
    return new Promise((resolve, reject) => {
      child.once("message", (registered: readonly Registration[]) => resolve(registered));
      child.once("exit", (code) => reject(new Error(`the program ended with ${code}`)));
      child.send(resources);
    });
  }

  /** True if something created the local platform's state folder. */
  async hasPlatform(): Promise<boolean> {
    return fs.stat(this.platform).then(
      () => true,
      () => false,
    );
  }

  remove(): Promise<void> {
    return this.project.remove();
  }
}
