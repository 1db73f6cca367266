/** The client over real sockets: connections, broken responses, timeouts, retries and cancellation. */
import assert from "node:assert/strict";
import type { ServerResponse } from "node:http";
import { VERSION } from "../../../provider/base/version";
import { type ClientOptions, createClient } from "../../../provider/client/client";
import { systemClock } from "../../../provider/base/clock";
import { UnikernelError, formatError } from "../../../provider/base/errors";
import {
  type RawResponder,
  type RawApi,
  VOLUMES_RESPONSE,
  jsonResponder,
  sendJson,
  startRawApi,
} from "../../support/rawApi";

const BODY = { body: { name: "data", size_mb: 1 } };

describe("the client's transport", () => {
  let api: RawApi;
  const slept: number[] = [];
  /** Backoffs take no time. */
  const fastClock = { ...systemClock, sleep: (ms: number) => (slept.push(ms), Promise.resolve()) };

  beforeEach(async () => {
    slept.length = 0;
    api = await startRawApi(jsonResponder(200, VOLUMES_RESPONSE));
  });
  afterEach(() => api[Symbol.asyncDispose]());

  const client = (more: Partial<ClientOptions> = {}) =>
    createClient({
      metro: "fra",
      endpoint: () => Promise.resolve({ url: api.url, token: "t0ken" }),
      clock: fastClock,
      ...more,
    });

  const failure = async (promise: Promise<unknown>): Promise<UnikernelError> => {
    const error: unknown = await promise.then(
      () => assert.fail("the promise resolved"),
      (e: unknown) => e,
    );
    assert.ok(UnikernelError.is(error), String(error));
    assert.doesNotMatch(`${error.message} ${error.hint ?? ""} ${JSON.stringify(error.details)}`, /t0ken/);
    return error;
  };

  it("sends its user agent and accepts JSON", async () => {
    const received: unknown[] = [];
    api.respond = ({ headers }, response, body) => {
      received.push(headers["user-agent"], headers.accept, headers["content-type"], JSON.parse(body));
      sendJson(response, 200, VOLUMES_RESPONSE);
    };
    assert.equal((await client().createVolume(BODY)).items[0]?.uuid, "u1");
    assert.deepEqual(received, [`pulumi-unikernel/${VERSION}`, "application/json", "application/json", BODY.body]);
  });

  it("reuses its connection for the next call", async () => {
    const subject = client();
    for (let n = 0; n < 5; n++) await subject.getVolumes({});
    assert.equal(api.connections, 1);
  });

  it("encodes booleans, lists and path parameters as the API reads them", async () => {
    const subject = client();
    await subject.getVolumes({ query: { details: false, count: 5, tags: ["a", "b"] } });
    api.respond = jsonResponder(200, JSON.stringify({ status: "success", data: { policies: [] } }));
    await subject.getPolicy({ path: { uuid: "a/b", name: "c d" } });
    assert.deepEqual(api.requests, [
      "GET /v1/volumes?details=false&count=5&tags=a&tags=b",
      "GET /v1/services/a%2Fb/autoscale/policies/c%20d",
    ]);
  });

  it("sends control plane operations to the control plane", async () => {
    await using plane = await startRawApi(
      jsonResponder(200, JSON.stringify({ status: "success", data: { metros: [] } })),
    );
    const controlPlane = () => Promise.resolve({ url: plane.url, token: "t0ken" });
    await client({ controlPlane }).getMetros({});
    assert.deepEqual([plane.requests, api.requests], [["GET /v1/metros"], []]);
  });

  /** Ways in which a response ends too early. */
  const broken: Readonly<Record<string, RawResponder>> = {
    "a connection reset before the response": (request) => request.socket.destroy(),
    "a response shorter than its length": (_request, response) => {
      response.writeHead(200, { "content-type": "application/json", "content-length": VOLUMES_RESPONSE.length });
      response.write(VOLUMES_RESPONSE.slice(0, 20));
      setImmediate(() => response.destroy());
    },
    "a response without its last chunk": (_request, response) => {
      response.writeHead(200, { "content-type": "application/json" });
      response.write(VOLUMES_RESPONSE);
      setImmediate(() => response.destroy());
    },
    "truncated JSON in a response of the right length": jsonResponder(200, VOLUMES_RESPONSE.slice(0, -9)),
    "an empty response of type JSON": jsonResponder(200, ""),
  };
  for (const [what, respondBroken] of Object.entries(broken)) {
    it(`retries a read and reports a create that may have succeeded after a broken response: ${what}`, async () => {
      const once: RawResponder = (request, response, body) => {
        api.respond = jsonResponder(200, VOLUMES_RESPONSE);
        respondBroken(request, response, body);
      };
      api.respond = once;
      assert.equal((await client().getVolumes({})).items.length, 1);
      assert.equal(api.requests.length, 2);

      api.respond = once;
      const error = await failure(client().createVolume(BODY));
      assert.deepEqual([error.code, error.details["mayHaveActed"]], ["API_UNREACHABLE", true]);
      assert.deepEqual([error.details["resource"], error.details["metro"]], ["data", "fra"]);
      assert.equal(api.requests.length, 3);
    });
  }

  it("gives up a slow response when the attempt times out", async () => {
    const open: ServerResponse[] = [];
    api.respond = (_request, response) => {
      open.push(response);
      response.writeHead(200, { "content-type": "application/json" });
      const timer = setInterval(() => response.write(" "), 10);
      response.on("close", () => clearInterval(timer));
    };
    const error = await failure(client({ attemptTimeoutMs: 100 }).createVolume(BODY));
    assert.match(error.message, /timed out/);
    assert.equal(error.details["mayHaveActed"], true);
    assert.equal(open.length, 1);
  });

  it("adds the server-side wait to the request timeout", async () => {
    api.respond = (_request, response) => {
      const item = { status: "success", uuid: "i", name: "i", state: "running" };
      const text = JSON.stringify({ status: "success", data: { instances: [item] } });
      setTimeout(() => sendJson(response, 200, text), 200);
    };
    const query = { uuid: ["i"], timeout_s: [2] };
    const response = await client({ attemptTimeoutMs: 100 }).waitInstances({ query }, { serverWaitMs: 2000 });
    assert.equal(response.items[0]?.state, "running");
  });

  it("stops reading an endless response and does not retry it", async () => {
    api.respond = (_request, response) => {
      response.writeHead(200, { "content-type": "application/json" });
      const part = "x".repeat(1024 * 1024);
      const more = (): void => {
        while (!response.destroyed && response.write(part));
      };
      response.on("drain", more);
      more();
    };
    const error = await failure(client().getVolumes({}));
    assert.match(error.message, /larger than 32 MiB/);
    assert.equal(api.requests.length, 1);
  });

  it("does not follow a redirect, which would leak the token", async () => {
    await using other = await startRawApi(jsonResponder(200, VOLUMES_RESPONSE));
    api.respond = (_request, response) => {
      response.writeHead(302, { location: `${other.url}/v1/volumes` });
      response.end();
    };
    assert.equal((await failure(client().getVolumes({}))).code, "API_SHAPE");
    assert.deepEqual(other.requests, []);
  });

  it("names the setting to check when it receives a web page", async () => {
    api.respond = (_request, response) => {
      response.writeHead(200, { "content-type": "text/html" });
      response.end("<html>Welcome</html>");
    };
    const error = await failure(client().getVolumes({}));
    assert.equal(error.code, "API_SHAPE");
    assert.match(error.message, /GET \/v1\/volumes in metro 'fra' returned HTTP 200 with text\/html/);
    assert.match(error.hint ?? "", /Set unikernel:metro \(now 'fra'\) to 'local', a code such as 'fra', or the URL/);
    assert.equal(api.requests.length, 1);
  });

  for (const status of [401, 403]) {
    it(`blames the token for HTTP ${status} without JSON and does not retry`, async () => {
      api.respond = (_request, response) => {
        response.writeHead(status, { "content-type": "text/plain" });
        response.end("no");
      };
      const error = await failure(client().getVolumes({}));
      assert.equal(error.code, "API_UNAUTHORIZED");
      assert.match(
        formatError(error),
        new RegExp(`^API_UNAUTHORIZED: unikernel:token: GET /v1/volumes in metro 'fra' failed with HTTP ${status}\\. `),
      );
      assert.match(error.hint ?? "", /unikernel:token or UKC_TOKEN/);
      assert.equal(api.requests.length, 1);
    });
  }

  it("includes the request id in the error", async () => {
    const rejection = JSON.stringify({ status: "error", message: "No.", errors: [{ status: 400 }] });
    api.respond = jsonResponder(400, rejection, { "x-request-id": "req-42" });
    const error = await failure(client().createVolume(BODY));
    assert.equal(error.details["requestId"], "req-42");
    assert.match(error.message, /No \(request req-42\)\.$/);
  });

  it("respects Retry-After, for a create after HTTP 429 too, and reports one that is too long", async () => {
    api.respond = (_request, response) => {
      api.respond = jsonResponder(200, VOLUMES_RESPONSE);
      sendJson(response, 429, "{}", { "retry-after": "2" });
    };
    await client().createVolume(BODY);
    assert.ok((slept[0] ?? 0) >= 2000 && (slept[0] ?? 0) < 2200, String(slept));

    api.respond = jsonResponder(503, "{}", { "retry-after": "600" });
    const error = await failure(client().getVolumes({}));
    assert.match(error.hint ?? "", /^Rate limited; retry in 600 s\.$/);
    assert.equal(error.details["retryAfterMs"], 600_000);
    assert.equal(api.requests.length, 3);
  });

  it("stops at once when aborted during a request, between attempts and in the queue", async () => {
    const reason = new Error("cancelled");
    const assertAborted = async (promise: Promise<unknown>) => assert.rejects(promise, (error) => error === reason);

    const during = new AbortController();
    api.respond = () => during.abort(reason);
    await assertAborted(client().getVolumes({}, { signal: during.signal }));

    const between = new AbortController();
    api.respond = jsonResponder(503, "{}");
    const sleep = (ms: number, signal?: AbortSignal) => {
      between.abort(reason);
      return systemClock.sleep(ms, signal).catch(() => Promise.reject(reason));
    };
    await assertAborted(client({ clock: { ...systemClock, sleep } }).getVolumes({}, { signal: between.signal }));

    const queued = new AbortController();
    const first = new AbortController();
    const narrow = client({ maxConcurrency: 1 });
    api.respond = () => undefined;
    const running = narrow.getVolumes({}, { signal: first.signal });
    const waiting = narrow.getVolumes({}, { signal: queued.signal });
    setImmediate(() => queued.abort(reason));
    await assertAborted(waiting);
    first.abort(reason);
    await assertAborted(running);
  });

  it("limits concurrent requests, keeps their order and does not count waits", async () => {
    const pending: { target: string; response: ServerResponse }[] = [];
    let arrived: () => void = () => undefined;
    api.respond = (request, response) => {
      pending.push({ target: request.url ?? "", response });
      arrived();
    };
    const waitForPending = async (count: number) => {
      while (pending.length < count) await new Promise<void>((resolve) => (arrived = resolve));
    };
    const respond = (index: number) => sendJson(pending[index]?.response as ServerResponse, 200, VOLUMES_RESPONSE);

    const subject = client({ maxConcurrency: 2 });
    const calls = ["a", "b", "c", "d"].map((name) => subject.getVolumes({ query: { name: [name] } }));
    await waitForPending(2);
    const wait = subject.waitInstances({ query: { uuid: ["i"], timeout_s: [9] } }, { serverWaitMs: 9000 });
    await waitForPending(3);
    assert.match(pending[2]?.target ?? "", /\/wait/, "a wait does not count against the limit");

    respond(1);
    await calls[1];
    await waitForPending(4);
    respond(0);
    await waitForPending(5);
    const volumes = pending.filter(({ target }) => !target.includes("/wait"));
    // Requests start in call order, but two sockets may deliver in either order.
    assert.deepEqual(
      volumes
        .slice(0, 2)
        .map(({ target }) => target)
        .sort(),
      ["/v1/volumes?name=a", "/v1/volumes?name=b"],
    );
    assert.deepEqual(
      volumes.slice(2).map(({ target }) => target),
      ["/v1/volumes?name=c", "/v1/volumes?name=d"],
    );
    const instances = JSON.stringify({ status: "success", data: { instances: [] } });
    sendJson(pending[2]?.response as ServerResponse, 200, instances);
    respond(3);
    respond(4);
    await Promise.all([...calls, wait]);
  });
});
