/** Current cloud nodes: a rejected request is sent again in the variant that they know. */
import { onlyItem } from "../../../../provider/client/client";
import { UnikernelError } from "../../../../provider/base/errors";
import { makeCertificate } from "../../../support/certificates";
import {
  CERTIFICATE,
  DIGEST,
  type RecordedExchange,
  INSTANCE,
  type Scenario,
  failed,
  failure,
  get,
  item,
  itemCodes,
  ok,
  patch,
  post,
  requestError,
  remove,
} from "../scenario";

const INSTANCES = "/v1/instances";
const CERTIFICATES = "/v1/certificates";
const platformOptions = { strict2026: true };
const NOT_TEXT = "'image' in instance creation arguments has type 'object', but expected 'string'";
const www = item(CERTIFICATE, "www", { state: "valid", common_name: "www.example.com", serial_number: "0a" });
const readExchange = (serialNumber: string): RecordedExchange =>
  get(`${CERTIFICATES}?uuid=${CERTIFICATE}`, ok("certificates", { ...www, serial_number: serialNumber }));

/** Scenarios of the contract suite. */
export const scenarios = (): readonly Scenario[] => [
  {
    name: "create an instance from an image object",
    exchanges: [
      requestError(
        {
          method: "POST",
          path: INSTANCES,
          body: { name: "one", image: { url: "app:1", pull_policy: "if_not_present" } },
        },
        400,
        NOT_TEXT,
      ),
      post(INSTANCES, { name: "one", image: "app:1" }, ok("instances", item(INSTANCE, "one"))),
      get(
        `${INSTANCES}?uuid=${INSTANCE}`,
        ok("instances", item(INSTANCE, "one", { state: "stopped", image: `acme/app@${DIGEST}` })),
      ),
    ],
    run: async (client) => {
      const body = { name: "one", image: { url: "app:1", pull_policy: "if_not_present" as const } };
      const { uuid } = onlyItem(await client.createInstance({ body }), "Creating");
      const { image } = onlyItem(await client.getInstances({ query: { uuid: [uuid] } }), "Reading");
      return /app@sha256:[0-9a-f]{64}$/.test(image ?? "");
    },
    expected: true,
    platformOptions,
  },
  {
    name: "reject an image that text cannot express, without showing its credentials",
    exchanges: [requestError({ method: "POST", path: INSTANCES }, 400, NOT_TEXT)],
    run: async (client) => {
      const body = { name: "one", image: { url: "app:1", credentials: "s3cret" } };
      const error: unknown = await client.createInstance({ body }).catch((e: unknown) => e);
      return UnikernelError.is(error) && [error.code, /image/.test(error.message), /s3cret/.test(error.message)];
    },
    expected: ["API_REJECTED", true, false],
    platformOptions,
  },
  {
    name: "delete without options",
    exchanges: [
      post(INSTANCES, { name: "one", image: "app:1" }, ok("instances", item(INSTANCE, "one"))),
      requestError(
        { method: "DELETE", path: INSTANCES, body: [{ uuid: INSTANCE, timeout_s: -1, dont_retain: true }] },
        400,
        "Unknown member 'timeout_s'",
      ),
      remove(INSTANCES, [{ uuid: INSTANCE }], ok("instances", item(INSTANCE, "one", { previous_state: "stopped" }))),
      get(`${INSTANCES}?uuid=${INSTANCE}`, failed("instances", failure(8, "No instance", { uuid: INSTANCE }))),
    ],
    run: async (client) => {
      const { uuid } = onlyItem(await client.createInstance({ body: { name: "one", image: "app:1" } }), "Creating");
      const deleted = await client.deleteInstances({ body: [{ uuid, timeout_s: -1, dont_retain: true }] });
      return [itemCodes(deleted), itemCodes(await client.getInstances({ query: { uuid: [uuid] } }))];
    },
    expected: [[undefined], ["8 NOT_FOUND"]],
    platformOptions,
  },
  {
    name: "renew a certificate by PATCH",
    exchanges: [
      post(CERTIFICATES, undefined, ok("certificates", www)),
      readExchange("0a"),
      requestError({ method: "PUT", path: CERTIFICATES }, 405, "Method not allowed"),
      patch(CERTIFICATES, undefined, ok("certificates", item(CERTIFICATE, "www"))),
      readExchange("0b"),
    ],
    run: async (client) => {
      const body = { name: "www", common_name: "www.example.com", ...makeCertificate("www.example.com") };
      const { uuid } = onlyItem(await client.createCertificate({ body }), "Creating");
      const serialNumber = async () =>
        onlyItem(await client.getCertificates({ query: { uuid: [uuid] } }), "Reading").serial_number;
      const before = await serialNumber();
      const renewal = { uuid, ...makeCertificate("www.example.com") };
      onlyItem(await client.updateCertificates({ body: [renewal] }), "Renewing");
      return before === (await serialNumber());
    },
    expected: false,
    platformOptions,
  },
  {
    name: "reject a change of a running instance instead of keeping it pending",
    exchanges: [
      post(INSTANCES, undefined, ok("instances", item(INSTANCE, "one", { state: "running" }))),
      patch(
        INSTANCES,
        [{ uuid: INSTANCE, prop: "memory_mb", op: "set", value: 256 }],
        failed("instances", failure(11, "Instance is not stopped", { uuid: INSTANCE })),
      ),
    ],
    run: async (client) => {
      const body = { name: "one", image: "app:1", autostart: true, timeout_s: 10 };
      const { uuid } = onlyItem(await client.createInstance({ body }), "Creating");
      const change = { uuid, prop: "memory_mb" as const, op: "set" as const, value: 256 };
      return itemCodes(await client.patchInstances({ body: [change] }));
    },
    expected: ["11 STATE_CONFLICT"],
    platformOptions,
  },
];
