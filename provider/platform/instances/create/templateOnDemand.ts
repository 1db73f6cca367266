/** Templates on demand: the first create that names the template creates it; later ones find it. */
import { visibleInstances } from "../../lookup";
import { type CreateInstanceRequest, createInstanceRequest } from "../../../contract/models";

import { explainIssues } from "../../validation/issueMessages";

import type { Registry } from "../../registry";
import { ApiItemError, RequestError } from "../../errors";
import { assertWellFormedCreate } from "./validate";
import type { Instance } from "../instance";

/** Creates the instances of a request. */
export type CreateInstances = (body: CreateInstanceRequest) => Promise<readonly Instance[]>;

/** How long a template's instance may take to be ready if the request does not say; far more than a boot takes. */
const DEFAULT_PREPARE_TIMEOUT_MS = 60_000;

type TemplateRequest = NonNullable<CreateInstanceRequest["template"]>;

/** Completes the message "'memory_mb' in …". */
const CREATE_ARGS_FIELD = "'template.create_args'";

/**
 * Returns the template of this name, or creates it: an instance boots, and becomes the template once it is ready, at the latest after
 * `prepare_timeout_s`. Concurrent callers share one creation.
 *
 * Throws `Invalid` if the template is named by uuid or its `create_args` are not a valid create request; `CannotBeUsed` if
 * an instance has the name; what `create` throws.
 */
export async function getOrCreateTemplate(
  registry: Registry,
  template: TemplateRequest,
  create: CreateInstances,
): Promise<Instance> {
  if (!("name" in template))
    throw new ApiItemError(
      "Invalid",
      "'template.prepare' needs 'template.name': the uuid of a new template cannot be chosen",
    );
  const { name } = template;
  const pending = registry.pendingTemplates.get(name);
  if (pending !== undefined) return await pending;
  const existing = visibleInstances(registry).find(({ record }) => record.name === name);
  if (existing?.state === "template") return existing;
  if (existing !== undefined)
    throw new ApiItemError("CannotBeUsed", `'${name}' is not a template; it is ${existing.state}`);
  const creation = createTemplate(registry, template, name, create);
  registry.pendingTemplates.set(name, creation);
  try {
    return await creation;
  } finally {
    registry.pendingTemplates.delete(name);
  }
}

async function createTemplate(
  registry: Registry,
  { create_args, autokill, prepare_timeout_s: timeoutS = 0 }: TemplateRequest,
  name: string,
  create: CreateInstances,
): Promise<Instance> {
  const [instance] = await create({ ...parseCreateArgs(create_args, name), name });
  if (instance === undefined) throw new ApiItemError("FailedOperation", `Template '${name}' could not be created`);
  try {
    await instance.request("start");
    await waitUntilReady(registry, instance, timeoutS > 0 ? timeoutS * 1000 : DEFAULT_PREPARE_TIMEOUT_MS);
    await instance.request("convert-to-template", { templateAutokillMs: autokill?.time_ms ?? 0 });
    await registry.changes.waitUntil(() => instance.state === "template", registry.shutdownSignal);
    // Its program may have asked to become a template, and have been the first.
    if (autokill !== undefined) instance.patchTemplate({ prop: "autokill", op: "set", value: autokill });
  } catch (error) {
    await instance.request("delete"); // otherwise an ordinary instance would keep the template's name
    throw error;
  }
  return instance;
}

/** Waits until the instance is ready, or has ended, or the time has passed: a template without memory says why it has none. */
async function waitUntilReady(registry: Registry, instance: Instance, timeoutMs: number): Promise<void> {
  const isSettled = (): boolean => {
    const { state, record } = instance;
    const isReady = record.serviceUuid === undefined || record.status.netTimeUs !== undefined;
    return state !== "starting" && (state !== "running" || isReady);
  };
  await registry.changes.waitUntil(
    isSettled,
    AbortSignal.any([AbortSignal.timeout(timeoutMs), registry.shutdownSignal]),
  );
}

/** Parses `create_args`: they must describe exactly one instance, which is not started. Throws `Invalid`. */
function parseCreateArgs(args: unknown, name: string): CreateInstanceRequest {
  if (args === undefined) {
    const why = `there is no template '${name}' yet, so 'template.create_args' must describe it`;
    throw new ApiItemError("Invalid", `'template.create_args' is missing: ${why}`);
  }
  const parsed = createInstanceRequest.safeParse(args);
  if (!parsed.success) {
    const { message } = explainIssues(parsed.error.issues, { input: args, name: CREATE_ARGS_FIELD });
    throw new ApiItemError("Invalid", message);
  }
  const { autostart: _autostart, timeout_s: _timeoutS, wait_timeout_ms: _waitMs, ...body } = parsed.data;
  if (body.template !== undefined || (body.replicas ?? 0) > 0 || (body.name ?? name) !== name)
    throw new ApiItemError(
      "Invalid",
      `${CREATE_ARGS_FIELD} must describe one instance named '${name}' that is not created from a template`,
    );
  try {
    assertWellFormedCreate(body);
  } catch (error) {
    throw error instanceof RequestError
      ? new ApiItemError("Invalid", `${error.message} (in ${CREATE_ARGS_FIELD})`)
      : error;
  }
  return body;
}
