/** A stack with one service of the gateways in `test/fixtures/guests/slowGateway`, on a plain and a TLS port. */
import * as fs from "node:fs/promises";
import { type Stack } from "./engine";
import { freePort } from "./freePorts";
import { TestProject } from "./project";
import { type LoadResult, SteadyLoad } from "./steadyLoad";

/** What the program asks for. */
export interface GatewayProgram {
  /** Repository and tag of the image; default `slow-gateway`. */
  readonly image?: string;
  readonly env: Readonly<Record<string, string>>;
  readonly replicas?: number;
  /** More inputs of the template. */
  readonly template?: object;
  readonly rollout?: object;
}

const GATE = { path: "/hello", match: { "$.status": "pass" }, intervalMs: 250 };

/** The stack. */
export class GatewayFleet {
  readonly project: TestProject;
  readonly stack: Stack;
  readonly ports: { readonly plain: number; readonly tls: number };

  private constructor(project: TestProject, ports: { readonly plain: number; readonly tls: number }) {
    this.project = project;
    this.ports = ports;
    this.stack = project.stack({});
  }

  static async create(): Promise<GatewayFleet> {
    const project = await TestProject.copy("examples/quickstart");
    await fs.rm(`${project.folder}/site`, { recursive: true });
    return new GatewayFleet(project, { plain: await freePort(), tls: await freePort() });
  }

  /** Writes the program. */
  async write({
    image = "slow-gateway",
    env,
    replicas = 2,
    template = {},
    rollout = {},
  }: GatewayProgram): Promise<void> {
    const { plain, tls } = this.ports;
    // Their Redis is on this machine.
    const annotations = { "unikernel.local/host-access": "true" };
    const workload = { image, memoryMb: 192, env, annotations, ...template };
    const limits = { drainTimeoutMs: 30_000, gate: GATE, ...rollout };
    await this.project.write(
      "index.ts",
      `import * as unikernel from "pulumi-unikernel";
       new unikernel.Service("gateway", {
         ports: [
           { port: ${plain}, destinationPort: 8080 },
           { port: ${tls}, destinationPort: 8080, handlers: ["tls"] },
         ],
         softLimit: 2000,
         hardLimit: 2000,
         replicas: ${replicas},
         template: ${JSON.stringify(workload)},
         rollout: ${JSON.stringify(limits)},
       });`,
    );
  }

  /** Runs the operation under load on both ports. Returns what became of the requests: on the plain port, then over TLS. */
  async underLoad<T>(
    perSecond: number,
    operation: () => Promise<T>,
  ): Promise<{ readonly outcome: T; readonly loads: readonly LoadResult[] }> {
    const running = [
      new SteadyLoad(`http://127.0.0.1:${this.ports.plain}/`, perSecond),
      new SteadyLoad(`https://127.0.0.1:${this.ports.tls}/`, perSecond),
    ];
    try {
      const outcome = await operation();
      return { outcome, loads: await Promise.all(running.map((load) => load.stop())) };
    } catch (error) {
      await Promise.all(running.map((load) => load.stop()));
      throw error;
    }
  }

  async remove(): Promise<void> {
    await this.stack.destroy();
    await this.project.remove();
  }
}
