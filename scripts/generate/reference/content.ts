/** Page content that is not in the definitions: the example of each page, notes, and the errors of each kind. */
import * as fs from "node:fs";
import * as path from "node:path";
import type { ErrorCode } from "../../../provider/base/errorCodes";
import type { FunctionName } from "../../../provider/functions/all";
import type { ResourceKind } from "../../../provider/resources/all";

/** The hand-written part of a page. */
export interface Content {
  /** A Markdown code block with a complete program. */
  readonly example: string;
  /** Sections that follow the example; empty for none. */
  readonly notes: string;
  /** A sentence about the id of the resource; empty for a function. */
  readonly id: string;
  /** Errors in addition to those of any operation. */
  readonly errors: readonly ErrorCode[];
}

/** Errors of every resource that boots an image. */
const WORKLOAD_ERRORS: readonly ErrorCode[] = [
  "NOT_FOUND",
  "ALREADY_EXISTS",
  "IN_USE",
  "QUOTA_EXCEEDED",
  "NOT_SUPPORTED",
  "STATE_CONFLICT",
  "NOT_ALLOWED",
  "GUEST_STOPPED",
  "IMAGE_MISMATCH",
  "WAIT_TIMEOUT",
  "OPERATION_FAILED",
  "QEMU_MISSING",
  "VMM_FAILED",
];

const ERRORS_OF: Readonly<Record<ResourceKind | "Provider", readonly ErrorCode[]>> = {
  Instance: WORKLOAD_ERRORS,
  Service: ["ROLLOUT_FAILED", ...WORKLOAD_ERRORS],
  Volume: [
    ...(["NOT_FOUND", "ALREADY_EXISTS", "IN_USE", "STATE_CONFLICT", "QUOTA_EXCEEDED", "NOT_SUPPORTED"] as const),
    ...(["NOT_ALLOWED", "WAIT_TIMEOUT", "OPERATION_FAILED"] as const),
  ],
  Certificate: ["CERTIFICATE_MISMATCH", "NOT_FOUND", "ALREADY_EXISTS", "IN_USE", "NOT_SUPPORTED", "OPERATION_FAILED"],
  GatewayImage: [
    "CONTEXT_INVALID",
    "KRAFTFILE_INVALID",
    "RUNTIME_UNAVAILABLE",
    "BUILD_FAILED",
    "NOT_SUPPORTED",
    "API_UNAUTHORIZED",
  ],
  RolloutWave: ["ROLLOUT_FAILED", "ROLLOUT_STOPPED", "STATE_CONFLICT", "NOT_FOUND", "NOT_SUPPORTED", "WAIT_TIMEOUT"],
  Provider: ["CONFIG_INVALID", "API_UNREACHABLE", "API_UNAUTHORIZED"],
};

const ID_OF: Readonly<Record<ResourceKind, string>> = {
  Instance: "`id` is the uuid of the instance.",
  Service: "`id` is the uuid of the service.",
  Volume: "`id` is the uuid of the volume.",
  Certificate: "`id` is the uuid of the certificate.",
  GatewayImage: "`id` is the image's repository, the part of `ref` before `@`.",
  RolloutWave: "`id` is the name of the wave and a hash of the resource's identity.",
};

const folder = path.join(__dirname, "content");

/** Reads a file such as `Volume.md`: a code block, then notes. Throws if it does not begin with a code block. */
function readContent(file: string): Pick<Content, "example" | "notes"> {
  const text = fs.readFileSync(path.join(folder, file), "utf8").trim();
  const example = /^```ts\n.*?^```$/ms.exec(text);
  if (example?.index !== 0) throw new Error(`${file} does not begin with an example.`);
  return { example: example[0], notes: text.slice(example[0].length).trim() };
}

/** The content for a resource or the class Provider. */
export const resourceContent = (kind: ResourceKind | "Provider"): Content => ({
  ...readContent(`${kind}.md`),
  id: kind === "Provider" ? "" : ID_OF[kind],
  errors: ERRORS_OF[kind],
});

/** The content for a function; its example is the section of `functions.md` with its name. */
export function functionContent(name: FunctionName): Content {
  const text = fs.readFileSync(path.join(folder, "functions.md"), "utf8");
  const section = new RegExp(`^## ${name}\\n+(\`\`\`ts\\n.*?^\`\`\`)$`, "ms").exec(text);
  if (section?.[1] === undefined) throw new Error(`functions.md has no example for ${name}.`);
  const isList = name.endsWith("s") && !name.startsWith("getInstanceL") && !name.startsWith("getInstanceM");
  return { example: section[1], notes: "", id: "", errors: isList ? [] : ["NOT_FOUND"] };
}
