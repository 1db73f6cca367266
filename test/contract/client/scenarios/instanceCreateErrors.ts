/** Creates of instances that fail, each with the code of its item. */
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

/** Scenarios of the contract suite. */
export const scenarios = (): readonly Scenario[] => [
  failedCreate(
    "report an image that does not exist",
    { image: "nowhere:1" },
    8,
    "NOT_FOUND",
    "No image with name 'nowhere:1'",
  ),
  failedCreate(
    "report memory above the account's limit",
    { memory_mb: 99_999 },
    7,
    "API_REJECTED",
    "'memory_mb' must be between 16 and 8192",
  ),
  failedCreate("report a name that is too long", { name: "n".repeat(64) }, 22, "API_REJECTED", "Name is too long"),
  failedCreate(
    "report an instance type that the node does not support",
    { gpus: 1, type: "full" },
    1,
    "NOT_SUPPORTED",
    "Not supported",
  ),
  failedCreate(
    "report a service group with both uuid and name",
    { service_group: { uuid: SERVICE, name: "web" } },
    17,
    "API_REJECTED",
    "Either 'uuid' or 'name'",
  ),
  failedCreate(
    "report a service group with neither uuid nor name",
    { service_group: {} },
    13,
    "BUG",
    "Missing 'uuid' or 'name'",
  ),
  failedCreate(
    "report too little memory for the image",
    { name: "small", autostart: true },
    20,
    "INPUT_INVALID",
    "Guest memory too small",
  ),
  failedCreate(
    "report an instance that cannot start",
    { name: "failing", autostart: true },
    10,
    "OPERATION_FAILED",
    "Operation failed",
  ),
  failedCreate(
    "report an internal error of the metro",
    { name: "faulty", autostart: true },
    0,
    "OPERATION_FAILED",
    "Internal error",
  ),
];
