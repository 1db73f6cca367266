/** Probes and hooks of a container. */
import * as http from "node:http";
import * as https from "node:https";
import * as net from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import type { ContainerProcess } from "./containerProcess";
import type { Container, Handler, Probe } from "./objects";

/** The container that is asked. */
export interface ProbeTarget {
  readonly container: Container;
  readonly process: ContainerProcess;
  /** Loopback address of its pod. */
  readonly host: string;
}

/** Runs a probe's or hook's handler once. True if it succeeded within the time. */
export async function runHandler(handler: Handler, target: ProbeTarget, timeoutMs: number): Promise<boolean> {
  const { httpGet, tcpSocket, exec, sleep } = handler;
  if (httpGet !== undefined) return getsAnswer(httpGet, target, timeoutMs);
  if (tcpSocket !== undefined) return connects(target.host, portOf(tcpSocket.port, target.container), timeoutMs);
  if (exec !== undefined) return (await target.process.exec(exec.command, timeoutMs)) === 0;
  if (sleep !== undefined) await delay(sleep.seconds * 1000);
  return true;
}

function portOf(port: number | string, { ports = [] }: Container): number {
  return typeof port === "number" ? port : (ports.find(({ name }) => name === port)?.containerPort ?? 0);
}

function getsAnswer(get: NonNullable<Handler["httpGet"]>, target: ProbeTarget, timeoutMs: number): Promise<boolean> {
  const { path = "/", scheme = "HTTP", httpHeaders = [] } = get;
  const client = scheme === "HTTPS" ? https : http;
  const options = {
    host: target.host,
    port: portOf(get.port, target.container),
    path,
    agent: false,
    rejectUnauthorized: false,
    headers: {
      "user-agent": "kube-probe/1.34",
      ...Object.fromEntries(httpHeaders.map((each) => [each.name, each.value])),
    },
    signal: AbortSignal.timeout(timeoutMs),
  } as const;
  return new Promise((resolve) => {
    const request = client.get(options, (response) => {
      const { statusCode = 0 } = response;
      response.on("error", () => resolve(false)).on("end", () => resolve(statusCode >= 200 && statusCode < 400));
      response.resume();
    });
    request.on("error", () => resolve(false));
  });
}

function connects(host: string, port: number, timeoutMs: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = net.connect({ host, port, signal: AbortSignal.timeout(timeoutMs) });
    const settle = (result: boolean): void => {
      socket.destroy();
      resolve(result);
    };
    socket.once("connect", () => settle(true)).once("error", () => settle(false));
  });
}

/** Counts results until a threshold is reached, in the rhythm that the probe asks for. */
export class ProbeState {
  /** The last result that reached its threshold; undefined before. */
  result: boolean | undefined;
  private streak = 0;
  private last: boolean | undefined;
  private nextAtMs: number;

  private readonly probe: Probe;

  constructor(probe: Probe, startedAtMs: number) {
    this.probe = probe;
    this.nextAtMs = startedAtMs + (probe.initialDelaySeconds ?? 0) * 1000;
  }

  /** Runs the probe if it is due. */
  async run(target: ProbeTarget, nowMs: number): Promise<void> {
    if (nowMs < this.nextAtMs) return;
    const { periodSeconds = 10, timeoutSeconds = 1, successThreshold = 1, failureThreshold = 3 } = this.probe;
    this.nextAtMs = nowMs + periodSeconds * 1000;
    const succeeded = await runHandler(this.probe, target, timeoutSeconds * 1000);
    this.streak = succeeded === this.last ? this.streak + 1 : 1;
    this.last = succeeded;
    if (this.streak >= (succeeded ? successThreshold : failureThreshold)) this.result = succeeded;
  }
}
