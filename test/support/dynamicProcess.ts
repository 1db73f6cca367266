/** The real dynamic provider process of @pulumi/pulumi, driven over gRPC as the engine drives it. */
import * as childProcess from "node:child_process";
import { once } from "node:events";
import * as fs from "node:fs/promises";
import * as os from "node:os";
import * as path from "node:path";
import * as readline from "node:readline";
import * as grpc from "@grpc/grpc-js";
import { Empty } from "google-protobuf/google/protobuf/empty_pb";
import { Struct } from "google-protobuf/google/protobuf/struct_pb";
import { EngineService, type IEngineServer } from "@pulumi/pulumi/proto/engine_grpc_pb";
import { LogSeverity } from "@pulumi/pulumi/proto/engine_pb";
import { ResourceProviderClient } from "@pulumi/pulumi/proto/provider_grpc_pb";
import * as pb from "@pulumi/pulumi/proto/provider_pb";

type Json = Record<string, unknown>;

/** The state that the engine would store for a resource that exists although the call failed. */
export interface PartialResult {
  readonly id: string;
  readonly properties: Json;
  readonly reasons: readonly string[];
}

/** A failed call. */
export class CallError extends Error {
  readonly partial: PartialResult | undefined;

  constructor(message: string, partial?: PartialResult) {
    super(message);
    this.partial = partial;
  }
}

const root = path.resolve(__dirname, "../..");
const toStruct = (value: Json) => Struct.fromJavaScript(value as Parameters<typeof Struct.fromJavaScript>[0]);
const fromStruct = (value: Struct | undefined) => (value?.toJavaScript() ?? {}) as Json;

/** Timeout of a call, so that a test fails instead of hanging. */
const CALL_TIMEOUT_MS = 50_000;

/** The text that an SDK class registers for a kind. */
export function serializedProvider(kind: string): string {
  return `exports.handler=()=>require(require.resolve("pulumi-unikernel/dynamic",{paths:[".","node_modules/.pnpm"]})).${kind}`;
}

/** A message of the log service. */
export interface LoggedMessage {
  readonly severity: "debug" | "info" | "warning" | "error";
  readonly message: string;
  readonly urn: string;
}

const SEVERITIES = {
  [LogSeverity.DEBUG]: "debug",
  [LogSeverity.INFO]: "info",
  [LogSeverity.WARNING]: "warning",
  [LogSeverity.ERROR]: "error",
} as const;

/** Stands in for the engine: takes messages, and connections that are kept open. */
async function startEngine(
  onMessage: (message: LoggedMessage) => void,
): Promise<{ readonly engine: grpc.Server; readonly enginePort: number }> {
  const service: Pick<IEngineServer, "log"> = {
    log: ({ request }, done) => {
      onMessage({
        severity: SEVERITIES[request.getSeverity()],
        message: request.getMessage(),
        urn: request.getUrn(),
      });
      done(null, new Empty());
    },
  };
  const engine = new grpc.Server();
  engine.addService(EngineService, service as unknown as grpc.UntypedServiceImplementation);
  const enginePort = await new Promise<number>((resolve, reject) =>
    engine.bindAsync("127.0.0.1:0", grpc.ServerCredentials.createInsecure(), (error, port) =>
      error === null ? resolve(port) : reject(error),
    ),
  );
  return { engine, enginePort };
}

/** A new project that has this checkout installed. */
async function linkedProject(): Promise<string> {
  const folder = await fs.mkdtemp(path.join(os.tmpdir(), "unikernel-dynamic-"));
  await fs.mkdir(path.join(folder, "node_modules"));
  await fs.symlink(root, path.join(folder, "node_modules/pulumi-unikernel"));
  await fs.symlink(path.join(root, "node_modules/@pulumi"), path.join(folder, "node_modules/@pulumi"));
  return folder;
}

/** A running process for resources of one kind; `stop` ends it. */
export class DynamicProcess {
  private readonly kind: string;
  private readonly text: string;
  private readonly child: childProcess.ChildProcess;
  private readonly client: ResourceProviderClient;
  private readonly engine: grpc.Server;
  private readonly ownFolder: string | undefined;
  private readonly config: Json;
  /** Messages for the user: those of the log service, and lines that it printed after its port. */
  readonly printed: string[];
  /** What it printed as errors, which the engine shows too. */
  readonly errors: readonly string[];
  /** Messages of the log service. */
  readonly logged: readonly LoggedMessage[];

  private constructor(
    kind: string,
    text: string,
    child: childProcess.ChildProcess,
    client: ResourceProviderClient,
    engine: grpc.Server,
    ownFolder: string | undefined,
    printed: string[],
    logged: readonly LoggedMessage[],
    errors: readonly string[],
    config: Json,
  ) {
    this.config = config;
    this.errors = errors;
    this.printed = printed;
    this.logged = logged;
    this.engine = engine;
    this.kind = kind;
    this.text = text;
    this.child = child;
    this.client = client;
    this.ownFolder = ownFolder;
  }

  /**
   * Starts the process with configuration as the engine gives it.
   *
   * @param project folder of a program that has this package and @pulumi/pulumi installed; a new one when undefined
   * @param text the text that every call carries; this package's own by default
   */
  static async start(
    kind: string,
    config: Json,
    project?: string,
    text = serializedProvider(kind),
  ): Promise<DynamicProcess> {
    const folder = project ?? (await linkedProject());
    const ownFolder = project === undefined ? folder : undefined;
    const script = require.resolve("@pulumi/pulumi/cmd/dynamic-provider", { paths: [folder] });
    const printed: string[] = [];
    const logged: LoggedMessage[] = [];
    const { engine, enginePort } = await startEngine((message) => {
      logged.push(message);
      printed.push(message.message);
    });
    const child = childProcess.spawn(process.execPath, [script, `127.0.0.1:${enginePort}`], {
      cwd: folder,
      stdio: ["ignore", "pipe", "pipe"],
      env: { ...process.env, PULUMI_NODEJS_PROJECT: "test", UKC_METRO: "", UKC_TOKEN: "" },
    });
    const lines = readline.createInterface({ input: child.stdout });
    const errors: string[] = [];
    readline.createInterface({ input: child.stderr }).on("line", (line) => {
      errors.push(line);
      process.stderr.write(`${line}\n`);
    });
    const port = await new Promise<string>((resolve, reject) => {
      child.once("exit", (code) => reject(new Error(`the dynamic provider process ended with ${code}`)));
      lines.once("line", resolve);
    });
    const client = new ResourceProviderClient(`127.0.0.1:${port}`, grpc.credentials.createInsecure());
    const started = new DynamicProcess(kind, text, child, client, engine, ownFolder, printed, logged, errors, config);
    lines.on("line", (line) => printed.push(line));
    const request = new pb.ConfigureRequest();
    request.setArgs(toStruct(config));
    try {
      await started.call<pb.ConfigureResponse>("configure", request);
      return started;
    } catch (error) {
      await started.stop();
      throw error;
    }
  }

  /** Starts the process of the next `pulumi` command: each command has its own. */
  next(): Promise<DynamicProcess> {
    return DynamicProcess.start(this.kind, this.config, undefined, this.text);
  }

  /** Deletes it as a later `pulumi` command does. */
  async deleteLater(id: string, props: Json): Promise<void> {
    const later = await this.next();
    try {
      await later.delete(id, props);
    } finally {
      this.printed.push(...later.printed);
      await later.stop();
    }
  }

  /** Acts like a killed engine. Resolves with the exit code when the process has exited by itself. */
  async killEngine(): Promise<number | null> {
    this.engine.forceShutdown();
    const [code] = (await once(this.child, "exit")) as [number | null];
    return code;
  }

  /** Interrupts it, as the engine does at the end of a cancelled update. Resolves with its exit code. */
  async interrupt(): Promise<number | null> {
    this.child.kill("SIGINT");
    const [code] = (await once(this.child, "exit")) as [number | null];
    return code;
  }

  async stop(): Promise<void> {
    this.client.close();
    if (this.child.exitCode === null) {
      const exited = once(this.child, "exit");
      this.child.kill();
      await exited;
    }
    this.engine.forceShutdown();
    if (this.ownFolder !== undefined) await fs.rm(this.ownFolder, { recursive: true });
  }

  /** A call that does nothing. */
  async ping(): Promise<void> {
    await this.call("getPluginInfo", new Empty());
  }

  private inputs(value: Json): Struct {
    return toStruct({ ...value, __provider: this.text });
  }

  private call<T>(method: string, request: object): Promise<T> {
    const client = this.client as unknown as Record<
      string,
      (
        request: object,
        metadata: grpc.Metadata,
        options: grpc.CallOptions,
        done: (error: grpc.ServiceError | null, reply: T) => void,
      ) => void
    >;
    const deadline = Date.now() + CALL_TIMEOUT_MS;
    return new Promise((resolve, reject) => {
      client[method]?.call(this.client, request, new grpc.Metadata(), { deadline }, (error, reply) =>
        error === null ? resolve(reply) : reject(toCallError(error)),
      );
    });
  }

  async check(olds: Json, news: Json): Promise<{ inputs: Json; failures: { property: string; reason: string }[] }> {
    const request = new pb.CheckRequest();
    request.setUrn(this.urn);
    request.setOlds(Object.keys(olds).length === 0 ? toStruct({}) : this.inputs(olds));
    request.setNews(this.inputs(news));
    const reply = await this.call<pb.CheckResponse>("check", request);
    return { inputs: fromStruct(reply.getInputs()), failures: reply.getFailuresList().map((f) => f.toObject()) };
  }

  async diff(
    id: string,
    olds: Json,
    news: Json,
  ): Promise<{ changes: boolean; replaces: string[]; deleteBeforeReplace: boolean }> {
    const request = new pb.DiffRequest();
    request.setId(id);
    request.setUrn(this.urn);
    request.setOlds(this.inputs(olds));
    request.setNews(this.inputs(news));
    const reply = await this.call<pb.DiffResponse>("diff", request);
    return {
      changes: reply.getChanges() === pb.DiffResponse.DiffChanges.DIFF_SOME,
      replaces: reply.getReplacesList(),
      deleteBeforeReplace: reply.getDeletebeforereplace(),
    };
  }

  async create(inputs: Json): Promise<{ id: string; outs: Json }> {
    const request = new pb.CreateRequest();
    request.setUrn(this.urn);
    request.setProperties(this.inputs(inputs));
    const reply = await this.call<pb.CreateResponse>("create", request);
    return { id: reply.getId(), outs: fromStruct(reply.getProperties()) };
  }

  async read(id: string, props: Json): Promise<{ id: string; props: Json; inputs: Json }> {
    const request = new pb.ReadRequest();
    request.setId(id);
    request.setUrn(this.urn);
    request.setProperties(this.inputs(props));
    const reply = await this.call<pb.ReadResponse>("read", request);
    return { id: reply.getId(), props: fromStruct(reply.getProperties()), inputs: fromStruct(reply.getInputs()) };
  }

  async update(id: string, olds: Json, news: Json): Promise<Json> {
    const request = new pb.UpdateRequest();
    request.setId(id);
    request.setUrn(this.urn);
    request.setOlds(this.inputs(olds));
    request.setNews(this.inputs(news));
    return fromStruct((await this.call<pb.UpdateResponse>("update", request)).getProperties());
  }

  async delete(id: string, props: Json): Promise<void> {
    const request = new pb.DeleteRequest();
    request.setId(id);
    request.setUrn(this.urn);
    request.setProperties(this.inputs(props));
    await this.call("delete", request);
  }

  private get urn(): string {
    return `urn:pulumi:dev::test::pulumi-nodejs:dynamic/unikernel:${this.kind}::it`;
  }
}

/** Source: grpc `google.rpc.Status` in `grpc-status-details-bin`; field 3 holds Any messages, whose field 2 is the value. */
function toCallError(error: grpc.ServiceError): CallError {
  const [packed] = error.metadata.get("grpc-status-details-bin");
  if (!(packed instanceof Buffer)) return new CallError(error.details);
  const { Status } = require("@pulumi/pulumi/proto/status_pb") as {
    Status: { deserializeBinary(bytes: Uint8Array): { getDetailsList(): { getValue_asU8(): Uint8Array }[] } };
  };
  const detail = Status.deserializeBinary(packed).getDetailsList()[0];
  if (detail === undefined) return new CallError(error.details);
  const partial = pb.ErrorResourceInitFailed.deserializeBinary(detail.getValue_asU8());
  return new CallError(error.details, {
    id: partial.getId(),
    properties: fromStruct(partial.getProperties()),
    reasons: partial.getReasonsList(),
  });
}
