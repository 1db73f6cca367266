/** A client of the Kubernetes API that knows nothing about kinds: paths, JSON and status codes. */
import * as https from "node:https";

/** Any object of the API; `spec` and the like are read by whoever knows the kind. */
export interface KubernetesObject {
  readonly apiVersion?: string;
  readonly kind?: string;
  readonly metadata: ObjectMeta;
  readonly [field: string]: unknown;
}

/** The part of every object that the tests read. */
export interface ObjectMeta {
  readonly name: string;
  readonly namespace?: string;
  readonly uid?: string;
  readonly resourceVersion?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly creationTimestamp?: string;
  readonly deletionTimestamp?: string;
  readonly deletionGracePeriodSeconds?: number;
}

/** A request that the API server rejected. */
export class KubernetesError extends Error {
  /** HTTP status: 404, 409, 422 and so on. */
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

/** How to reach the API. */
export interface ApiAddress {
  readonly host: string;
  readonly port: number;
  /** PEM of the server's certificate. */
  readonly ca: string;
  readonly token: string;
}

const REQUEST_TIMEOUT_MS = 20_000;
const MERGE_PATCH = "application/merge-patch+json";

/** One user's view of the API. */
export class KubernetesApi {
  private readonly agent = new https.Agent({ keepAlive: true, maxSockets: 8 });

  private readonly address: ApiAddress;

  constructor(address: ApiAddress) {
    this.address = address;
  }

  /** Objects at a path such as `/api/v1/pods`, possibly with a query. */
  async list<T extends KubernetesObject>(path: string): Promise<readonly T[]> {
    return ((await this.request("GET", path)) as { readonly items: readonly T[] }).items;
  }

  /** The object at a path; undefined if there is none. */
  async find<T extends KubernetesObject>(path: string): Promise<T | undefined> {
    try {
      return (await this.request("GET", path)) as T;
    } catch (error) {
      if (error instanceof KubernetesError && error.status === 404) return undefined;
      throw error;
    }
  }

  /** Creates an object in the collection at a path. */
  create(path: string, object: object): Promise<unknown> {
    return this.request("POST", path, object);
  }

  /** Creates an object unless one of its name exists. */
  async ensure(path: string, object: object): Promise<void> {
    try {
      await this.create(path, object);
    } catch (error) {
      if (!(error instanceof KubernetesError && error.status === 409)) throw error;
    }
  }

  /** Changes the given fields of the object at a path; `null` removes a field. */
  patch(path: string, change: object): Promise<unknown> {
    return this.request("PATCH", path, change, MERGE_PATCH);
  }

  /** Deletes the object at a path, with the options given; it may be gone already. */
  async remove(path: string, options: object = {}): Promise<void> {
    try {
      await this.request("DELETE", path, options);
    } catch (error) {
      if (!(error instanceof KubernetesError && [404, 409].includes(error.status))) throw error;
    }
  }

  /** Sends a request. Throws {@link KubernetesError} for any status of 400 or more. */
  async request(method: string, path: string, body?: object, contentType = "application/json"): Promise<unknown> {
    const { status, text } = await this.send(method, path, body, contentType);
    const isJson = text.startsWith("{") || text.startsWith("[");
    const answer: unknown = isJson ? JSON.parse(text) : text;
    if (status < 400) return answer;
    const message = isJson ? (answer as { message?: string }).message : text;
    throw new KubernetesError(status, `${method} ${path}: ${status} ${message}`);
  }

  /** Closes the connections. */
  close(): void {
    this.agent.destroy();
  }

  private send(
    method: string,
    path: string,
    body: object | undefined,
    contentType: string,
  ): Promise<{ status: number; text: string }> {
    const { host, port, ca, token } = this.address;
    const headers: Record<string, string> = { authorization: `Bearer ${token}`, accept: "application/json" };
    const content = body === undefined ? "" : JSON.stringify(body);
    // Node does not add the length to a DELETE.
    if (body !== undefined)
      Object.assign(headers, { "content-type": contentType, "content-length": String(Buffer.byteLength(content)) });
    return new Promise((resolve, reject) => {
      const options = { host, port, ca, method, path, headers, agent: this.agent, timeout: REQUEST_TIMEOUT_MS };
      const request = https.request(options, (response) => {
        let text = "";
        response.setEncoding("utf8").on("data", (chunk: string) => (text += chunk));
        response.on("end", () => resolve({ status: response.statusCode ?? 0, text }));
        response.on("error", reject);
      });
      request.on("timeout", () => request.destroy(new Error(`${method} ${path}: no answer`)));
      request.on("error", reject);
      request.end(content);
    });
  }
}
