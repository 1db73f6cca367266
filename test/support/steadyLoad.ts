/** A client that sends requests at a steady rate, each on a new connection, however slow the responses are. */
import * as http from "node:http";
import * as https from "node:https";

/** What became of the requests to one URL. */
export interface LoadResult {
  readonly requests: number;
  /** Requests per second. */
  readonly rate: number;
  /** By status, or by the message of an error. */
  readonly outcomes: Readonly<Record<string, number>>;
  readonly bodies: readonly string[];
  /** Longest time between two good responses. Milliseconds. */
  readonly gapMs: number;
  /** 95 of 100 good responses took no longer. Milliseconds. */
  readonly p95Ms: number;
}

/** Requests until stopped. */
export class SteadyLoad {
  private readonly url: string;
  private readonly outcomes: Record<string, number> = {};
  private readonly latenciesMs: number[] = [];
  private readonly bodies = new Set<string>();
  private readonly pending = new Set<Promise<void>>();
  private readonly timer: NodeJS.Timeout;
  private readonly beganMs = performance.now();
  private lastGoodMs = performance.now();
  private gapMs = 0;
  private requests = 0;

  /** @param perSecond at most 1,000 */
  constructor(url: string, perSecond: number) {
    this.url = url;
    this.timer = setInterval(() => {
      const due = ((performance.now() - this.beganMs) / 1000) * perSecond;
      // What a busy machine could not send in time is not sent all at once.
      for (let sent = 0; this.requests < due && sent < 5; sent++) this.send();
    }, 1000 / perSecond);
  }

  private send(): void {
    this.requests += 1;
    const sentMs = performance.now();
    const request = this.get().then(
      ({ status, body }) => {
        this.count(String(status));
        if (status !== 200) return;
        this.bodies.add(body.trim());
        this.gapMs = Math.max(this.gapMs, performance.now() - this.lastGoodMs);
        this.lastGoodMs = performance.now();
        this.latenciesMs.push(this.lastGoodMs - sentMs);
      },
      (error: unknown) => this.count(error instanceof Error ? error.message : String(error)),
    );
    this.pending.add(request);
    void request.then(() => this.pending.delete(request));
  }

  private count(outcome: string): void {
    this.outcomes[outcome] = (this.outcomes[outcome] ?? 0) + 1;
  }

  private get(): Promise<{ readonly status: number; readonly body: string }> {
    const options = { agent: false as const, rejectUnauthorized: false, timeout: 120_000 };
    return new Promise((resolve, reject) => {
      const request = (this.url.startsWith("https:") ? https : http).get(this.url, options, (response) => {
        let body = "";
        response.setEncoding("utf8").on("data", (text: string) => (body += text));
        response.on("end", () => resolve({ status: response.statusCode ?? 0, body })).on("error", reject);
      });
      request.on("timeout", () => request.destroy(new Error("no response within 120 s"))).on("error", reject);
    });
  }

  /** Waits for the open requests. */
  async stop(): Promise<LoadResult> {
    clearInterval(this.timer);
    const seconds = (performance.now() - this.beganMs) / 1000;
    await Promise.all(this.pending);
    const { requests, outcomes, gapMs, latenciesMs } = this;
    const p95Ms = latenciesMs.sort((a, b) => a - b)[Math.floor(latenciesMs.length * 0.95)] ?? Infinity;
    return { requests, rate: requests / seconds, outcomes, bodies: [...this.bodies].sort(), gapMs, p95Ms };
  }
}
