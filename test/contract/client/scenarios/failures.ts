/** Errors: of whole requests, of single items, and codes of every kind. */
import { type Client, allItems, onlyItem } from "../../../../provider/client/client";
import { createObjectReader } from "../../../../provider/client/objectReader";
import { UnikernelError } from "../../../../provider/base/errors";
import {
  MISSING,
  INSTANCE,
  type Scenario,
  VOLUME,
  codeOf,
  failed,
  failure,
  item,
  itemCodes,
  get,
  ok,
  partialSuccess,
  patch,
  post,
  requestError,
  remove,
  thrownCode,
} from "../scenario";

const PATH = "/v1/volumes";
const INSTANCES = "/v1/instances";
const CERTIFICATES = "/v1/certificates";
const data = item(VOLUME, "data", { state: "available", size_mb: 16 });
const createExchange = post(
  PATH,
  { name: "data", size_mb: 16 },
  ok("volumes", item(VOLUME, "data", { state: "available" })),
);
const create = (client: Client) => client.createVolume({ body: { name: "data", size_mb: 16 } });
const createVolume = async (client: Client) => onlyItem(await create(client), "Creating");
const withoutReason = failure(4, "Failed to perform some operations", { uuid: VOLUME });
const notFound = failure(8, `No volume with uuid '${MISSING}'`, { uuid: MISSING });

/** Codes that cloud nodes return and the local platform does not: see `UNCOVERED_CODES`. */
const cloudOnly: readonly Omit<Scenario, "recordedOnly">[] = [
  {
    name: "report a bulk call that fails in part without reasons (code 4)",
    exchanges: [
      remove(
        PATH,
        [{ uuid: MISSING }, { uuid: VOLUME }],
        partialSuccess("volumes", item(MISSING, "old"), withoutReason),
      ),
    ],
    run: async (client) => {
      const response = await client.deleteVolumes({ body: [{ uuid: MISSING }, { uuid: VOLUME }] });
      return [itemCodes(response), thrownCode(() => allItems(response, "Deleting 2 volumes"))];
    },
    expected: [[undefined, "4 OPERATION_FAILED"], "OPERATION_FAILED"],
  },
  {
    name: "report a property that the node does not know (code 6)",
    exchanges: [
      patch(PATH, undefined, failed("volumes", failure(6, "Unknown keyword 'quota_policy'", { uuid: VOLUME }))),
    ],
    run: async (client) =>
      itemCodes(
        await client.patchVolumes({ body: [{ uuid: VOLUME, prop: "quota_policy", op: "set", value: "dynamic" }] }),
      ),
    expected: ["6 API_REJECTED"],
  },
  {
    name: "report a wait that times out with a code (code 12)",
    exchanges: [
      get(
        `${INSTANCES}/wait?uuid=${INSTANCE}&state=running&timeout_s=1`,
        failed("instances", failure(12, "Operation timed out", { uuid: INSTANCE, name: "one", state: "starting" })),
      ),
    ],
    run: async (client) =>
      itemCodes(await client.waitInstances({ query: { uuid: [INSTANCE], state: ["running"], timeout_s: [1] } })),
    expected: ["12 WAIT_TIMEOUT"],
  },
  {
    name: "report a value of the wrong type per item (code 16)",
    exchanges: [patch(INSTANCES, undefined, failed("instances", failure(16, "Malformed request", { uuid: INSTANCE })))],
    run: async (client) =>
      itemCodes(
        await client.patchInstances({ body: [{ uuid: INSTANCE, prop: "memory_mb", op: "set", value: "much" }] }),
      ),
    expected: ["16 API_REJECTED"],
  },
  {
    name: "report an inline service that cannot be added (code 18)",
    exchanges: [
      post(
        INSTANCES,
        { name: "one", image: "app:1", service_group: { services: [{ port: 443 }] } },
        failed("instances", failure(18, "Failed to add service")),
      ),
    ],
    run: async (client) =>
      itemCodes(
        await client.createInstance({
          body: { name: "one", image: "app:1", service_group: { services: [{ port: 443 }] } },
        }),
      ),
    expected: ["18 OPERATION_FAILED"],
  },
];

/** Scenarios of the contract suite. */
export const scenarios = (): readonly Scenario[] => [
  {
    name: "report a name that is taken",
    exchanges: [
      createExchange,
      post(PATH, undefined, failed("volumes", failure(23, "A volume with the name 'data' already exists"))),
    ],
    run: async (client) => {
      await createVolume(client);
      const again = await create(client);
      return itemCodes(again);
    },
    expected: ["23 ALREADY_EXISTS"],
  },
  {
    name: "keep order and succeeded items of a bulk call that fails in part",
    exchanges: [createExchange, remove(PATH, undefined, partialSuccess("volumes", notFound, item(VOLUME, "data")))],
    run: async (client) => {
      const { uuid } = await createVolume(client);
      const response = await client.deleteVolumes({ body: [{ uuid: MISSING }, { uuid }] });
      return response.items.map(({ status, error }) => [status, error]);
    },
    expected: [
      ["error", 8],
      ["success", undefined],
    ],
  },
  {
    name: "become one error with all failures and succeeded items if all must succeed",
    exchanges: [createExchange, remove(PATH, undefined, partialSuccess("volumes", item(VOLUME, "data"), notFound))],
    run: async (client) => {
      const { uuid } = await createVolume(client);
      const response = await client.deleteVolumes({ body: [{ uuid }, { uuid: MISSING }] });
      const error: unknown = await Promise.resolve()
        .then(() => allItems(response, "Deleting 2 volumes"))
        .catch((e: unknown) => e);
      if (!UnikernelError.is(error)) return error;
      const { itemCodeName, resource, succeeded } = error.details as {
        itemCodeName: string;
        resource: string;
        succeeded: { name: string }[];
      };
      return [error.code, itemCodeName, resource, succeeded.map(({ name }) => name)];
    },
    expected: ["NOT_FOUND", "NotFound", MISSING, ["data"]],
  },
  {
    name: "mean not found for code 8 only, in one request for simultaneous reads",
    exchanges: [
      createExchange,
      get(`${PATH}?uuid=${VOLUME}&uuid=${MISSING}`, partialSuccess("volumes", data, notFound)),
    ],
    run: async (client) => {
      const { uuid } = await createVolume(client);
      const reader = createObjectReader(client);
      const [found, missing] = await Promise.all([reader.volume(uuid), reader.volume(MISSING)]);
      return [found?.name, missing];
    },
    expected: ["data", undefined],
  },
  {
    name: "reject the whole request for an unknown member and name it",
    exchanges: [requestError({ method: "POST", path: PATH }, 400, "Unknown member 'colour'")],
    run: async (client) => {
      const body = { name: "data", size_mb: 16, colour: "red" };
      const error: unknown = await client.createVolume({ body }).catch((e: unknown) => e);
      return UnikernelError.is(error) && [error.code, /Unknown member 'colour'/.test(error.message)];
    },
    expected: ["API_REJECTED", true],
  },
  {
    name: "reject the whole request for a value of the wrong type and name the expected one",
    exchanges: [
      requestError(
        { method: "POST", path: "/v1/instances" },
        400,
        "'image' in instance creation arguments has type 'integer', but expected 'string'",
      ),
    ],
    run: async (client) => {
      const body = { image: 5 as unknown as string };
      const error: unknown = await client.createInstance({ body }).catch((e: unknown) => e);
      return (
        UnikernelError.is(error) && [error.code, error.details["status"], /'image' in instance/.test(error.message)]
      );
    },
    expected: ["API_REJECTED", 400, true],
  },
  {
    name: "report a malformed uuid",
    exchanges: [get(`${PATH}?uuid=nonsense`, failed("volumes", failure(7, "Invalid uuid 'nonsense'")))],
    run: async (client) => {
      const response = await client.getVolumes({ query: { uuid: ["nonsense"] } });
      return [itemCodes(response), response.items[0]?.message];
    },
    expected: [["7 API_REJECTED"], "Invalid uuid 'nonsense'"],
  },
  {
    name: "report an unknown token",
    exchanges: [requestError({ method: "GET", path: PATH, token: "wrong" }, 401, "Unauthorized")],
    run: async (_client, connect) => codeOf(connect({ token: "wrong" }).getVolumes({})),
    expected: "API_UNAUTHORIZED",
  },
  {
    name: "report a path without an API",
    exchanges: [requestError({ method: "GET", path: `/elsewhere${PATH}` }, 404, "No such endpoint")],
    run: async (_client, connect) => {
      const error: unknown = await connect({ pathPrefix: "/elsewhere" })
        .getVolumes({})
        .catch((e: unknown) => e);
      return UnikernelError.is(error) && [error.code, error.details["status"]];
    },
    expected: ["API_REJECTED", 404],
  },
  {
    name: "report an unknown method if the older one is rejected as well",
    exchanges: [
      requestError({ method: "PUT", path: CERTIFICATES }, 405, "Method not allowed"),
      requestError({ method: "PATCH", path: CERTIFICATES }, 400, "'chain' has type 'integer', but expected 'string'"),
    ],
    run: async (client) => {
      const body = [{ uuid: MISSING, chain: 5 as unknown as string, pkey: "KEY" }];
      const error: unknown = await client.updateCertificates({ body }).catch((e: unknown) => e);
      return (
        UnikernelError.is(error) && [
          error.code,
          error.details["status"],
          /release lacks this operation/.test(error.hint ?? ""),
        ]
      );
    },
    expected: ["API_REJECTED", 405, true],
    platformOptions: { strict2026: true },
  },
  ...cloudOnly.map((scenario): Scenario => ({ ...scenario, recordedOnly: true })),
];
