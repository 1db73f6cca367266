/** A client that sends requests in a loop without pauses, each on a new connection. */
import * as http from "node:http";

/** One response. */
export interface HttpResponse {
  readonly status: number;
  readonly body: string;
}

/** GETs a URL once. `agent: false` opens a new connection. */
export const httpGet = (url: string, options: http.RequestOptions = { agent: false }): Promise<HttpResponse> =>
  new Promise((resolve, reject) => {
    const request = http.get(url, { timeout: 60_000, ...options }, (response) => {
      let body = "";
      response.setEncoding("utf8").on("data", (text: string) => (body += text));
      response.on("end", () => resolve({ status: response.statusCode ?? 0, body }));
      response.on("error", reject);
    });
    request.on("timeout", () => request.destroy(new Error("no response within 60 s")));
    request.on("error", reject);
  });

/** Requests until stopped. */
export class LoadGenerator {
  requests = 0;
  readonly failures: string[] = [];
  /** Distinct bodies, in the order in which they were first seen. */
  readonly bodies: string[] = [];
  private stopped = false;
  private readonly done: Promise<unknown>;

  /** @param clients number of concurrent clients */
  constructor(url: string, clients = 2) {
    this.done = Promise.all(Array.from({ length: clients }, () => this.loop(url)));
  }

  private async loop(url: string): Promise<void> {
    while (!this.stopped) {
      this.requests++;
      try {
        const { status, body } = await httpGet(url);
        if (status !== 200) this.failures.push(`HTTP ${status}`);
        else if (!this.bodies.includes(body)) this.bodies.push(body);
      } catch (error) {
        this.failures.push(error instanceof Error ? error.message : String(error));
      }
    }
  }

  async stop(): Promise<void> {
    this.stopped = true;
    await this.done;
  }
}
