/** A process that updates a service as a provider of one stack does, without the engine: what two developers run at the same time. */
import * as childProcess from "node:child_process";
import { createClient } from "../../provider/client/client";
import { connectLocalDaemon } from "../../provider/client/localDaemon";
import { systemClock } from "../../provider/base/clock";
import { UnikernelError } from "../../provider/base/errors";
import { check } from "../../provider/definition/check";
import { ResourceInitFailedError } from "../../provider/definition/initFailed";
import { identityOf } from "../../provider/definition/identity";
import { service } from "../../provider/resources/service/resource";
import { contextWithClient } from "./resourceContext";

/** An update to a program. */
export interface RollRequest {
  /** UUID of the service; undefined to create it. */
  readonly id?: string;
  readonly program: object;
}

/** How it ended. */
export interface RollReply {
  readonly id: string;
  /** Code of the error, or of what it was caused by; undefined for none. */
  readonly code?: string;
  readonly message?: string;
}

/** The process of one stack. */
export class RollingProcess implements AsyncDisposable {
  readonly child: childProcess.ChildProcess;

  /** @param stack name of the stack; the project is `shop` */
  constructor(stack: string) {
    this.child = childProcess.fork(__filename, [stack], { execArgv: ["-r", require.resolve("tsx/cjs")] });
  }

  roll(request: RollRequest): Promise<RollReply> {
    return new Promise((resolve, reject) => {
      const onExit = (code: number | null) => reject(new Error(`the process exited with ${code}`));
      this.child.once("exit", onExit).once("message", (reply: RollReply) => {
        this.child.off("exit", onExit);
        resolve(reply);
      });
      this.child.send(request);
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const ended = new Promise((resolve) => this.child.once("exit", resolve));
    this.child.disconnect();
    await ended;
  }
}

async function update(stack: string, { id, program }: RollRequest): Promise<RollReply> {
  const urn = `urn:pulumi:${stack}::shop::unikernel:index:Service::web`;
  const client = createClient({ metro: "local", endpoint: () => connectLocalDaemon() });
  const context = {
    ...contextWithClient(client, systemClock),
    ...{ metro: "local", urn, ownership: { ...identityOf(undefined, urn), hasDerivedName: false } },
  };
  const { inputs: checked, failures } = await check(service, {}, program as never);
  if (failures.length > 0) throw new Error(JSON.stringify(failures));
  const inputs = checked as Parameters<typeof service.create>[1];
  if (id === undefined) return { id: (await service.create(context, inputs)).id };
  const found = await service.read(context, id, inputs);
  if (found === undefined) throw new Error(`no service ${id}`);
  try {
    await service.update(context, id, { inputs: found.inputs, outputs: found.outputs } as never, inputs);
    return { id };
  } catch (error) {
    const cause = error instanceof ResourceInitFailedError ? error.cause : error;
    const { code, message } = UnikernelError.is(cause) ? cause : { code: "UNKNOWN", message: String(cause) };
    return { id, code, message };
  }
}

if (require.main === module) {
  const [, , stack = ""] = process.argv;
  process.on("message", (request: RollRequest) => {
    void update(stack, request).then(
      (reply) => process.send?.(reply),
      (error: unknown) => process.send?.({ id: "", code: "UNKNOWN", message: String(error) } satisfies RollReply),
    );
  });
}
