/**
 * A metro without readiness probes: its objects are in memory, and a real server on a loopback port stands for its load balancer. The
 * server answers for the candidate as long as one is in a group of its own.
 */
import * as http from "node:http";
import * as https from "node:https";
import type { AddressInfo } from "node:net";
import * as tls from "node:tls";
import type { Client } from "../../provider/client/client";
import type { InstanceItem } from "../../provider/contract/models";
import type { ChainAndKey } from "./certificates";
import { InMemoryApi } from "./inMemoryApi";

/** A request as the candidate got it. */
export interface CandidateRequest {
  readonly method: string | undefined;
  readonly path: string | undefined;
  readonly headers: http.IncomingHttpHeaders;
  /** Name that the client sent for TLS; `undefined` without TLS. */
  readonly sni: string | undefined;
}

/** What the candidate answers. `attempt` counts from 1. */
export type CandidateAnswer = (attempt: number) => {
  readonly status: number;
  readonly body?: string;
  readonly headers?: http.OutgoingHttpHeaders;
};

/** Where the candidate's group is reached, and its certificate. */
interface CloudOptions {
  /** Domain of a candidate's group. */
  readonly fqdn: string;
  /** `undefined`: without TLS. */
  readonly certificate?: ChainAndKey;
}

const isCandidate = ({ name }: { readonly name?: string }): boolean => /-(candidate|clone)-/.test(name ?? "");

/** A running cloud; see the top of the file. */
export class CandidateCloud implements AsyncDisposable {
  readonly api = new InMemoryApi();
  readonly requests: CandidateRequest[] = [];
  /** Item codes with which the next deletions of a group are rejected. */
  readonly deletionErrors: number[] = [];
  answer: CandidateAnswer = () => ({ status: 200 });
  /** What reads of the candidate say besides what was requested, by their count from 1. */
  observe: (reads: number) => Partial<InstanceItem> = () => ({});
  /** False: the load balancer never leads to the candidate. */
  isRouted = true;
  port = 0;
  private reads = 0;

  private readonly options: CloudOptions;
  private readonly server: http.Server;

  private constructor(options: CloudOptions, server: http.Server) {
    this.options = options;
    this.server = server;
  }

  static async start(options: CloudOptions): Promise<CandidateCloud> {
    const { certificate } = options;
    const server =
      certificate === undefined
        ? http.createServer()
        : https.createServer({ cert: certificate.chain, key: certificate.pkey });
    const cloud = new CandidateCloud(options, server);
    server.on("request", (request: http.IncomingMessage, response: http.ServerResponse) =>
      cloud.serve(request, response),
    );
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    cloud.port = (server.address() as AddressInfo).port;
    return cloud;
  }

  /** The client of this metro. */
  get client(): Client {
    const { client } = this.api.context;
    type Items = { items: readonly object[] };
    const reply = async (response: Promise<unknown>, change: (item: never) => object) => {
      const { items, ...rest } = (await response) as Items;
      return { ...rest, items: items.map((item) => change(item as never)) };
    };
    return Object.assign(Object.create(client) as Client, {
      getServices: (request: never) =>
        reply(client.getServices(request), (item: { name?: string }) =>
          isCandidate(item) ? { ...item, domains: [{ fqdn: this.options.fqdn }] } : item,
        ),
      getInstances: (request: never) =>
        reply(client.getInstances(request), (item: { uuid: string; name?: string; status: string }) =>
          item.status === "success" && isCandidate(item) ? { ...item, ...this.observe(++this.reads) } : item,
        ),
      deleteServices: (request: never) => {
        const error = this.deletionErrors.shift();
        return error === undefined
          ? client.deleteServices(request)
          : Promise.resolve({ items: [{ status: "error", error, message: "in use" }], message: undefined });
      },
    });
  }

  private serve(request: http.IncomingMessage, response: http.ServerResponse): void {
    const { method, url, headers, socket } = request;
    const sni = socket instanceof tls.TLSSocket ? String(socket.servername) : undefined;
    const group = [...this.api.services.values()].find(isCandidate);
    const candidates = [...this.api.instances.values()].filter(
      (one) => (one.service_group as { uuid?: string } | null | undefined)?.uuid === group?.uuid,
    );
    if (group === undefined || candidates.length === 0 || !this.isRouted) return void response.writeHead(503).end();
    this.requests.push({ method, path: url, headers, sni });
    const { status, body = "", headers: sent = {} } = this.answer(this.requests.length);
    response.writeHead(status, sent).end(body);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }
}
