import assert from "node:assert/strict";
import * as tls from "node:tls";
import { UnikernelError } from "../../../../provider/base/errors";
import { timeoutError } from "../../../../provider/base/timeout";
import type { ReadinessProbe, ServicePort } from "../../../../provider/contract/models";
import { type CandidateOptions, createCandidateCheck } from "../../../../provider/rollout/candidate/check";
import type { RolloutEvent } from "../../../../provider/rollout/events";
import { CandidateCloud } from "../../../support/candidateCloud";
import { makeCertificate } from "../../../support/certificates";

const FQDN = "web-candidate.localhost";
const IMAGE = `oci://registry.test/web@sha256:${"1".repeat(64)}`;
const gateOf = (more: ReadinessProbe = {}): ReadinessProbe => ({ http: { port: 8080, path: "/ready" }, ...more });

describe("the candidate of a rollout", () => {
  let cloud: CandidateCloud;
  let events: RolloutEvent[];
  let warnings: string[];
  afterEach(() => cloud[Symbol.asyncDispose]());

  const start = async (options: Parameters<typeof CandidateCloud.start>[0] = { fqdn: FQDN }) => {
    cloud = await CandidateCloud.start(options);
    [events, warnings] = [[], []];
  };
  const optionsOf = (handlers: ServicePort["handlers"] = ["http"], more: Partial<CandidateOptions> = {}) => ({
    client: cloud.client,
    clock: cloud.api.context.clock,
    service: {
      uuid: "11111111-0000-4000-8000-999999999999",
      name: "web",
      services: [{ port: cloud.port, destination_port: 8080, handlers }],
    },
    gate: gateOf(),
    healthyWithinMs: 60_000,
    isNew: ({ image }: { image?: string | undefined }) => image?.includes("@sha256:1") === true,
    createRequest: () => ({
      ...{
        name: "web-4f2a1",
        image: IMAGE,
        args: ["/server", "-v"],
        env: { MODE: "x" },
        memory_mb: 64,
        autostart: true,
      },
      tags: ["managed-by:pulumi-unikernel"],
      schedules: [{ name: "nightly", when: "*-*-* 03:00:00", action: "stop" as const }],
      service_group: { uuid: "11111111-0000-4000-8000-999999999999" },
    }),
    reportConsole: () => Promise.resolve("Its last console lines are in the output of this operation."),
    warn: (sentence: string) => warnings.push(sentence),
    checkStop: () => Promise.resolve(),
    onEvent: (event: RolloutEvent) => events.push(event),
    ...more,
  });
  const check = (options: ReturnType<typeof optionsOf>) => createCandidateCheck(options as CandidateOptions)();
  const failing = async (options: ReturnType<typeof optionsOf>): Promise<UnikernelError> => {
    const error: unknown = await check(options).then(
      () => assert.fail("it passed"),
      (e: unknown) => e,
    );
    assert.ok(UnikernelError.is(error), String(error));
    return error;
  };
  const changes = () => cloud.api.calls.map(({ route }) => route);
  const assertNothingLeft = () => {
    assert.deepEqual([[...cloud.api.instances.keys()], [...cloud.api.services.keys()]], [[], []]);
    assert.deepEqual(warnings, []);
  };
  const phases = () => events.map(({ phase }) => phase).filter((phase) => phase !== "waiting");

  it("has the replica's request in a group with the service's ports, passes over HTTP, and is deleted with its group", async () => {
    await start();
    await check(optionsOf());
    assertNothingLeft();
    assert.deepEqual(changes(), ["createService", "createInstance", "deleteInstances", "deleteServices"]);
    const [group, instance] = cloud.api.calls.map(({ body }) => body);
    const name = String(group?.["name"]);
    assert.match(name, /^web-candidate-[0-9a-f]{8}$/);
    assert.deepEqual(group?.["services"], [{ port: cloud.port, destination_port: 8080, handlers: ["http"] }]);
    assert.deepEqual(group["autokill"], { time_ms: 600_000 });
    const { service_group, autokill, ...request } = instance ?? {};
    assert.notEqual((service_group as { uuid: string }).uuid, "11111111-0000-4000-8000-999999999999");
    assert.deepEqual(autokill, { time_ms: 600_000 });
    assert.deepEqual(request, {
      ...{ name, image: IMAGE, args: ["/server", "-v"], env: { MODE: "x" }, memory_mb: 64, autostart: true },
      tags: ["managed-by:pulumi-unikernel"],
      // 60 s to pass the gate and 10 minutes: autokill alone would delete only a candidate that has stopped.
      schedules: [{ name: "abandoned", when: "2026-01-01 00:11:00", action: "delete" }],
    });
    assert.deepEqual(
      cloud.requests.map(({ method, path, headers: { host }, sni }) => [method, path, host, sni]),
      [["GET", "/ready", FQDN, undefined]],
    );
    assert.deepEqual(phases(), ["launched", "ready", "removed"]);
    assert.equal(events[1]?.digest, `sha256:${"1".repeat(64)}`);
  });

  it("does without its end on a node that knows no schedules", async () => {
    await start();
    const requests: object[] = [];
    const client = Object.assign(Object.create(cloud.client) as CandidateOptions["client"], {
      createInstance: (request: { body: { schedules?: unknown } }) => {
        requests.push(request.body);
        if (request.body.schedules === undefined) return cloud.client.createInstance(request as never);
        const details = { status: 400 };
        return Promise.reject(new UnikernelError("API_REJECTED", "Unknown member 'schedules'", { details }));
      },
    });
    await check(optionsOf(["http"], { client }));
    assert.equal(requests.length, 2);
    assertNothingLeft();
  });

  it("is asked over TLS with the name of its certificate, with the gate's method and headers", async () => {
    await start({ fqdn: FQDN, certificate: makeCertificate(FQDN) });
    const http = { port: 8080, path: "/ready?x=1", method: "POST" as const, headers: { "X-Key": "s3cret" } };
    await check(optionsOf(["tls", "http"], { gate: { http } }));
    assertNothingLeft();
    const [request] = cloud.requests;
    assert.deepEqual(
      [request?.method, request?.path, request?.sni, request?.headers["x-key"], request?.headers.host],
      ["POST", "/ready?x=1", FQDN, "s3cret", FQDN],
    );
  });

  it("must have a valid certificate for its name: headers may be secret", async () => {
    const certificate = makeCertificate("localhost", ["localhost"]);
    await start({ fqdn: "localhost", certificate });
    const gate = gateOf({ failure_threshold: 1 });
    const error = await failing(optionsOf(["tls", "http"], { gate }));
    assert.match(error.message, /\/ready has no valid certificate \(DEPTH_ZERO_SELF_SIGNED_CERT\), after 1 attempt\./);
    assert.equal(cloud.requests.length, 0);
    const authorities = tls.getCACertificates("default");
    tls.setDefaultCACertificates([...authorities, certificate.chain]);
    try {
      await check(optionsOf(["tls", "http"], { gate }));
    } finally {
      tls.setDefaultCACertificates(authorities);
    }
    assert.equal(cloud.requests[0]?.sni, "localhost");
    assertNothingLeft();
  });

  it("passes after as many successes in a row as the gate asks for", async () => {
    await start();
    cloud.answer = (attempt) => ({ status: [1, 3].includes(attempt) ? 503 : 200 });
    await check(optionsOf(["http"], { gate: gateOf({ success_threshold: 2, failure_threshold: 2 }) }));
    assert.equal(cloud.requests.length, 5);
    assertNothingLeft();
  });

  it("fails after as many failures in a row as the gate allows, and those of the start period do not count", async () => {
    await start();
    cloud.answer = () => ({ status: 503, body: "secret" });
    const gate = gateOf({ interval_ms: 1_000, start_period_ms: 10_000, failure_threshold: 3 });
    const error = await failing(optionsOf(["http"], { gate }));
    assert.equal(error.code, "OPERATION_FAILED");
    assert.match(
      error.message,
      /^The candidate 'web-candidate-[0-9a-f]{8}' did not pass the gate: \/ready returned HTTP 503, after 3 of 13 attempts\.$/,
    );
    assert.equal(error.hint, "Its last console lines are in the output of this operation.");
    assert.deepEqual(phases(), ["launched", "failed", "removed"]);
    assert.ok(events.every(({ detail }) => detail?.includes("secret") !== true));
    assertNothingLeft();
  });

  it("evaluates the body as the daemon does", async () => {
    await start();
    cloud.answer = (attempt) => ({ status: 200, body: JSON.stringify({ redis: attempt < 3 ? "down" : "up" }) });
    await check(optionsOf(["http"], { gate: { http: { port: 8080, path: "/hello", match: { "$.redis": "up" } } } }));
    assert.equal(cloud.requests.length, 3);
    const waits = events.filter(({ phase }) => phase === "waiting").map(({ detail }) => detail);
    assert.deepEqual(waits, Array(2).fill('/hello did not return "up" at $.redis'));
  });

  it("fails in time", async () => {
    await start();
    cloud.answer = () => ({ status: 404 });
    const beganMs = cloud.api.context.clock.now();
    const error = await failing(optionsOf(["http"], { healthyWithinMs: 30_000 }));
    assert.equal(error.code, "WAIT_TIMEOUT");
    assert.match(error.message, /did not pass the gate within 30 s: \/ready returned HTTP 404\.$/);
    assert.ok(cloud.api.context.clock.now() - beganMs < 35_000);
    assertNothingLeft();
  });

  it("does not follow a redirect, which would ask another server", async () => {
    await start();
    cloud.answer = () => ({ status: 301, headers: { location: `http://127.0.0.1:${cloud.port}/elsewhere` } });
    await check(optionsOf(["http"]));
    assert.deepEqual(
      cloud.requests.map(({ path }) => path),
      ["/ready"],
    ); // 200 to 399 pass by default
    const http = { port: 8080, path: "/ready", statuses: [200] };
    const error = await failing(optionsOf(["http"], { gate: { http, failure_threshold: 1 } }));
    assert.match(error.message, /\/ready returned HTTP 301, after 1 attempt/);
    assert.ok(cloud.requests.every(({ path }) => path === "/ready"));
    assertNothingLeft();
  });

  it("fails in time if the certificate has another name, and if the metro never routes to it", async () => {
    await start({ fqdn: "localhost", certificate: makeCertificate("other.example.test", ["other.example.test"]) });
    const late = { healthyWithinMs: 5_000 };
    const certified = await failing(optionsOf(["tls", "http"], late));
    assert.deepEqual([certified.code, cloud.requests.length], ["WAIT_TIMEOUT", 0]);
    assert.match(certified.message, /within 5 s: \/ready has no valid certificate \(/);
    assertNothingLeft();
    await cloud[Symbol.asyncDispose]();
    await start();
    cloud.isRouted = false;
    const unrouted = await failing(optionsOf(["http"], late));
    assert.equal(unrouted.code, "WAIT_TIMEOUT");
    assert.match(unrouted.message, /within 5 s: \/ready returned HTTP 503\.$/);
    assertNothingLeft();
  });

  it("fails with the reason of a guest that stops, and its console is reported while it exists", async () => {
    await start();
    cloud.observe = (reads) => (reads < 3 ? { state: "starting" } : { state: "stopped", stop_reason: 3, exit_code: 7 });
    const reported: boolean[] = [];
    const reportConsole = ({ uuid }: { uuid: string }) => {
      reported.push(cloud.api.instances.has(uuid));
      return Promise.resolve("Printed.");
    };
    const error = await failing(optionsOf(["http"], { reportConsole }));
    assert.equal(error.code, "GUEST_STOPPED");
    assert.match(error.message, /stopped: the program exited with code 7/);
    assert.deepEqual(reported, [true]);
    assert.equal(cloud.requests.length, 0);
    assertNothingLeft();
  });

  it("counts from the beginning after a restart", async () => {
    await start();
    cloud.observe = (reads) => ({ restart_count: reads < 3 ? 0 : 1 });
    await check(optionsOf(["http"], { gate: gateOf({ success_threshold: 3 }) }));
    assert.equal(cloud.requests.length, 5);
  });

  it("fails if it runs another image", async () => {
    await start();
    cloud.observe = () => ({ image: `oci://registry.test/web@sha256:${"2".repeat(64)}` });
    assert.equal((await failing(optionsOf())).code, "IMAGE_MISMATCH");
    assertNothingLeft();
  });

  it("is removed after a cancellation and after a timeout, by the context for cleaning up", async () => {
    for (const reason of [new Error("cancelled"), timeoutError(1_000, "Updating service 'web'")]) {
      await start();
      const abort = new AbortController();
      cloud.answer = (attempt) => {
        if (attempt === 2) abort.abort(reason);
        return { status: 503 };
      };
      const cleanup = () => ({ client: cloud.client, clock: cloud.api.context.clock });
      const error: unknown = await check(optionsOf(["http"], { signal: abort.signal, cleanup })).catch(
        (e: unknown) => e,
      );
      if (UnikernelError.is(reason)) assert.match(String(error), /did not pass the gate .*HTTP 503/);
      else assert.equal(error, reason);
      assertNothingLeft();
      await cloud[Symbol.asyncDispose]();
    }
    await start();
  });

  it("replaces the candidate and the group that a killed rollout left", async () => {
    await start();
    await check(optionsOf());
    const { name = "" } = cloud.api.calls[0]?.body as { name?: string };
    const { client } = cloud;
    const { items } = await client.createService({ body: { name, services: [{ port: 1 }] } });
    await client.createInstance({ body: { name, image: IMAGE, service_group: { uuid: String(items[0]?.uuid) } } });
    await check(optionsOf());
    assertNothingLeft();
  });

  it("deletes its group once the group is free", async () => {
    await start();
    cloud.deletionErrors.push(15, 15);
    await check(optionsOf());
    assertNothingLeft();
  });

  it("passes with a warning if its group cannot be deleted", async () => {
    await start();
    cloud.deletionErrors.push(14);
    await check(optionsOf());
    assert.match(
      warnings.join(),
      /^The candidate 'web-candidate-\w+' could not be removed: .* next rollout .* removes it\.$/,
    );
    assert.deepEqual(phases(), ["launched", "ready"]);
  });

  it("waits for an answer on every port, over TLS too, if the gate names none", async () => {
    await start({ fqdn: FQDN, certificate: makeCertificate(FQDN) });
    cloud.answer = (attempt) => ({ status: attempt < 3 ? 502 : 404 });
    await check(optionsOf(["tls", "http"], { gate: {} }));
    assert.deepEqual(
      cloud.requests.map(({ sni }) => sni),
      [FQDN, FQDN, FQDN],
    );
    const waits = events.filter(({ phase }) => phase === "waiting").map(({ detail }) => detail);
    assert.deepEqual(waits, Array(2).fill(`port ${cloud.port} answers with HTTP 502`));
  });

  it("accepts a connection that stays open for a TCP gate", async () => {
    await start();
    await check(optionsOf([], { gate: { tcp: { port: 8080 } } }));
    assertNothingLeft();
  });

  it("is not launched if no published port leads to the gate's port", async () => {
    await start();
    const error = await failing(optionsOf(["http"], { gate: { http: { port: 9090, path: "/ready" } } }));
    assert.deepEqual([error.code, error.property], ["NOT_SUPPORTED", "rollout.gate.port"]);
    assert.match(error.message, /no port of the service leads to 9090/);
    assert.deepEqual(changes(), []);
  });

  it("says what it needs if the quota has no room", async () => {
    await start();
    const client = Object.assign(Object.create(cloud.client) as object, {
      createInstance: () => Promise.resolve({ items: [{ status: "error", error: 19, message: "quota" }] }),
    }) as unknown as CandidateOptions["client"];
    const error = await failing(optionsOf(["http"], { client }));
    assert.equal(error.code, "QUOTA_EXCEEDED");
    assert.match(error.hint ?? "", /one more instance and one more service group/);
    assertNothingLeft();
  });
});
