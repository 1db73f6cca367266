import assert from "node:assert/strict";
import { UnikernelError } from "../../../../provider/base/errors";
import { instanceInputs } from "../../../../provider/resources/instance/inputs";
import { lifecycle as instance } from "../../../../provider/resources/instance/lifecycle";
import { serviceInputs } from "../../../../provider/resources/service/inputs";
import { lifecycle as service } from "../../../../provider/resources/service/lifecycle";
import { digestToAwait, waitForImage } from "../../../../provider/resources/workload/waitForImage";
import { contextWithResponses } from "../../../support/resourceContext";

const DIGEST = `sha256:${"a".repeat(64)}`;
const IMAGE = `index.unikraft.io/acme/site@${DIGEST}`;
const listed = { status: "success", url: `oci://unikraft.io/acme/site:latest@${DIGEST}` };

/** A metro that answers one listing after the other; the last one again and again. */
function metro(...listings: readonly (() => readonly object[])[]) {
  const queries: unknown[] = [];
  const printed: string[] = [];
  const getImages = ({ query }: { query: unknown }) => {
    queries.push(query);
    return listings[Math.min(queries.length, listings.length) - 1]?.() ?? [];
  };
  const context = contextWithResponses({ getImages: getImages as never });
  const wait = (image: string) =>
    waitForImage({ ...context, metro: "fra", printProgress: (line) => printed.push(line) }, image, "Service 'web'");
  return { context, queries, printed, wait };
}
const none = () => [];
const one = () => [listed];
const failing = (code: "NOT_FOUND" | "API_REJECTED" | "API_UNAUTHORIZED") => () => {
  throw new UnikernelError(code, "no");
};

describe("waiting for an image in a metro", () => {
  it("concerns digests of an account's own images in registries that metros list", () => {
    for (const image of [IMAGE, `acme/site@${DIGEST}`, `unikraft.io/acme/site:1@${DIGEST}`]) {
      assert.equal(digestToAwait(image, "fra"), DIGEST, image);
    }
    assert.equal(digestToAwait(`index.node1.unikraft.cloud/acme/site@${DIGEST}`, "https://node1.example"), DIGEST);
    const others = ["nginx:latest", "acme/site:1", `nginx@${DIGEST}`, `official/nginx@${DIGEST}`];
    for (const image of [undefined, ...others, `ghcr.io/acme/site@${DIGEST}`, `UPPER/x@${DIGEST}`]) {
      assert.equal(digestToAwait(image, "fra"), undefined, image);
    }
    assert.equal(digestToAwait(IMAGE, "local"), undefined);
  });

  it("asks once and says nothing if the image is listed", async () => {
    const { queries, printed, wait } = metro(one);
    await wait(IMAGE);
    assert.deepEqual(queries, [{ digest: [DIGEST] }]);
    assert.deepEqual(printed, []);
  });

  it("asks again until it is listed, less and less often, and says so once", async () => {
    const { queries, printed, wait, context } = metro(none, failing("NOT_FOUND"), none, none, none, one);
    await wait(IMAGE);
    assert.equal(queries.length, 6);
    assert.deepEqual(context.sleepsMs, [500, 1000, 2000, 4000, 5000]);
    assert.deepEqual(printed, [`Service 'web': waiting until metro 'fra' lists '${IMAGE}'`]);
  });

  it("gives up after three minutes, with what to do", async () => {
    const { wait, context } = metro(none);
    await assert.rejects(wait(IMAGE), (error: unknown) => {
      assert.ok(UnikernelError.has(error, "WAIT_TIMEOUT"));
      assert.equal(error.message, `Metro 'fra' does not list the image '${IMAGE}' after 180 s.`);
      assert.match(error.hint ?? "", /run 'pulumi up' again/);
      return true;
    });
    assert.ok(context.clock.now() >= 180_000 && context.clock.now() < 190_000);
  });

  it("comes before an Instance or a Service is created", async () => {
    const { context } = metro(none);
    const cloud = { ...context, metro: "fra" };
    const creates = {
      Instance: () => instance.create(cloud, instanceInputs.parse({ name: "web", image: IMAGE })),
      Service: () =>
        service.create(
          cloud,
          serviceInputs.parse({ name: "web", ports: [{ port: 8080 }], template: { image: IMAGE } }),
        ),
    };
    for (const [kind, create] of Object.entries(creates)) {
      await assert.rejects(create(), { code: "WAIT_TIMEOUT" }, kind);
    }
    assert.deepEqual(context.calls, []);
  });

  it("leaves the decision to the create where the metro cannot list, and passes other errors on", async () => {
    await metro(failing("API_REJECTED")).wait(IMAGE);
    await assert.rejects(metro(failing("API_UNAUTHORIZED")).wait(IMAGE), { code: "API_UNAUTHORIZED" });
  });
});
