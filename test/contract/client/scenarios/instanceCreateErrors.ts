/** Instances that are not created, each by the code of its item. */
import type { Client } from "../../../../provider/client/client";
import type { ErrorCode } from "../../../../provider/base/errors";
import { SERVICE, type Scenario, failed, failure, itemCodes, post } from "../scenario";

type CreateBody = Parameters<Client["createInstance"]>[0]["body"];

const failedCreate = (
  name: string,
  more: Partial<CreateBody>,
  code: number,
  ours: ErrorCode,
  message: string,
): Scenario => {
  const body = { name: "one", image: "app:1", ...more };
  return {
    name,
    exchanges: [post("/v1/instances", body, failed("instances", failure(code, message)))],
    run: async (client) => itemCodes(await client.createInstance({ body })),
    expected: [`${code} ${ours}`],
  };
};

export const scenarios = (): readonly Scenario[] => [
  failedCreate("an image that is not there", { image: "nowhere:1" }, 8, "NOT_FOUND", "No image with name 'nowhere:1'"),
  failedCreate(
    "more memory than the account may have",
    { memory_mb: 99_999 },
    7,
    "API_REJECTED",
    "'memory_mb' must be between 16 and 8192",
  ),
  failedCreate(
    "a name that is no label of a host name",
    { name: "n".repeat(64) },
    22,
    "API_REJECTED",
    "Name is too long",
  ),
  failedCreate(
    "a kind of instance that this node does not have",
    { gpus: 1, type: "full" },
    1,
    "NOT_SUPPORTED",
    "Not supported",
  ),
  failedCreate(
    "a service group by uuid and by name",
    { service_group: { uuid: SERVICE, name: "web" } },
    17,
    "API_REJECTED",
    "Either 'uuid' or 'name'",
  ),
  failedCreate("a service group by nothing", { service_group: {} }, 13, "BUG", "Missing 'uuid' or 'name'"),
  failedCreate(
    "too little memory for its image",
    { name: "small", autostart: true },
    20,
    "INPUT_INVALID",
    "Guest memory too small",
  ),
  failedCreate(
    "one that cannot be started",
    { name: "failing", autostart: true },
    10,
    "OPERATION_FAILED",
    "Operation failed",
  ),
  failedCreate(
    "a fault of the metro itself",
    { name: "faulty", autostart: true },
    0,
    "OPERATION_FAILED",
    "Internal error",
  ),
];
