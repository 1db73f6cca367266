/** Services in a metro without extensions of the API: which updates launch a candidate. */
import assert from "node:assert/strict";
import { resourceOf } from "../../../../../provider/resources/all";
import { serviceInputs } from "../../../../../provider/resources/service/inputs";
import { CandidateCloud } from "../../../../support/candidateCloud";

const service = resourceOf("Service");
const image = (digit: string) => `registry.test/web@sha256:${digit.repeat(64)}`;

describe("a service in the cloud", () => {
  let cloud: CandidateCloud;
  beforeEach(async () => {
    cloud = await CandidateCloud.start({ fqdn: "web-candidate.localhost" });
  });
  afterEach(() => cloud[Symbol.asyncDispose]());

  const inputsOf = (digit: string, replicas: number, gate: object = { path: "/ready" }) =>
    serviceInputs.parse({
      name: "web",
      ports: [{ port: cloud.port, destinationPort: 8080, handlers: ["http"] }],
      replicas,
      template: { image: image(digit) },
      rollout: { gate, stableForMs: 0 },
    });
  const context = () => ({ ...cloud.api.context, client: cloud.client });
  type Found = Awaited<ReturnType<typeof service.create>> & { readonly inputs: ReturnType<typeof inputsOf> };
  const create = async (inputs: ReturnType<typeof inputsOf>): Promise<Found> => ({
    inputs,
    ...(await service.create(context(), inputs)),
  });
  const update = async (found: Found, inputs: ReturnType<typeof inputsOf>): Promise<Found> => ({
    ...found,
    inputs,
    outputs: await service.update(context(), found.id, found, inputs),
  });
  /** The instances that were created since the last call: candidates, and others. */
  const launched = () => {
    const names = cloud.api.calls
      .splice(0)
      .filter(({ route }) => route === "createInstance")
      .map(({ body }) => String(body["name"]));
    const candidates = names.filter((name) => name.includes("-candidate-"));
    return { candidates: candidates.length, replicas: names.length - candidates.length };
  };

  it("launches a candidate for a new template and for a new gate, and none for more of the same", async () => {
    let web = await create(inputsOf("1", 1));
    assert.deepEqual(launched(), { candidates: 1, replicas: 1 });
    web = await update(web, inputsOf("1", 3));
    assert.deepEqual(launched(), { candidates: 0, replicas: 2 });
    web = await update(web, inputsOf("1", 4, { path: "/health" }));
    assert.deepEqual(launched(), { candidates: 1, replicas: 1 });
    web = await update(web, inputsOf("1", 2, { path: "/health" }));
    assert.deepEqual(launched(), { candidates: 0, replicas: 0 });
    await update(web, inputsOf("2", 2, { path: "/health" }));
    assert.deepEqual(launched(), { candidates: 1, replicas: 2 });
    assert.deepEqual([cloud.api.instances.size, cloud.api.services.size], [2, 1]);
  });

  it("launches a candidate for more replicas if none of those that exist runs", async () => {
    const web = await create(inputsOf("1", 1));
    for (const one of cloud.api.instances.values()) one.state = "stopped";
    launched();
    await update(web, inputsOf("1", 2));
    assert.deepEqual(launched(), { candidates: 1, replicas: 2 });
  });
});
