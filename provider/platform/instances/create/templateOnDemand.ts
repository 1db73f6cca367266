/** Templates on demand: made by the first create that asks for them, found by all others. */
import { visibleInstances } from "../../lookup";
import { type CreateInstanceRequest, createInstanceRequest } from "../../../contract/models";

import { explainIssues } from "../../validation/issueMessages";

import type { Registry } from "../../registry";
import { ApiItemError, RequestError } from "../../errors";
import { assertWellFormedCreate } from "./validate";
import type { Instance } from "../instance";

/** Makes the instances of a request. */
export type CreateInstances = (body: CreateInstanceRequest) => Promise<readonly Instance[]>;

type TemplateRequest = NonNullable<CreateInstanceRequest["template"]>;

/** What completes "'memory_mb' in …" for what a template is made from. */
const CREATE_ARGS_FIELD = "'template.create_args'";

/**
 * The template of this name; where there is none it is made. Nothing boots for that, so `prepare_timeout_s` finds nothing
 * to wait for. Creates at the same time share one.
 *
 * Throws refusals: `Invalid` for a template that is named by its uuid or made from what is no create request, `CannotBeUsed`
 * when an instance has its name; what `create` throws.
 */
export async function getOrCreateTemplate(
  registry: Registry,
  template: TemplateRequest,
  create: CreateInstances,
): Promise<Instance> {
  if (!("name" in template))
    throw new ApiItemError("Invalid", "'template.prepare' needs 'template.name': a uuid is not chosen");
  const { name } = template;
  const underWay = registry.pendingTemplates.get(name);
  if (underWay !== undefined) return await underWay;
  const present = visibleInstances(registry).find(({ record }) => record.name === name);
  if (present?.state === "template") return present;
  if (present !== undefined) throw new ApiItemError("CannotBeUsed", `'${name}' is no template; it is ${present.state}`);
  const making = createTemplate(template, name, create);
  registry.pendingTemplates.set(name, making);
  try {
    return await making;
  } finally {
    registry.pendingTemplates.delete(name);
  }
}

async function createTemplate(
  { create_args, autokill }: TemplateRequest,
  name: string,
  create: CreateInstances,
): Promise<Instance> {
  const [made] = await create({ ...parseCreateArgs(create_args, name), name });
  if (made === undefined) throw new ApiItemError("FailedOperation", `Template '${name}' could not be made`);
  try {
    await made.request("convert-to-template", { templateAutokillMs: autokill?.time_ms ?? 0 });
  } catch (error) {
    await made.request("delete"); // else its name would be taken by what is no template
    throw error;
  }
  return made;
}

/** The create request of a template, which starts nothing and makes one. */
function parseCreateArgs(given: unknown, name: string): CreateInstanceRequest {
  if (given === undefined) {
    const why = `there is no template '${name}' yet, so 'template.create_args' must say what it is made from`;
    throw new ApiItemError("Invalid", `'template.create_args' is missing: ${why}`);
  }
  const parsed = createInstanceRequest.safeParse(given);
  if (!parsed.success) {
    const { message } = explainIssues(parsed.error.issues, { input: given, name: CREATE_ARGS_FIELD });
    throw new ApiItemError("Invalid", message);
  }
  const { autostart: _autostart, timeout_s: _timeoutS, wait_timeout_ms: _waitMs, ...body } = parsed.data;
  if (body.template !== undefined || (body.replicas ?? 0) > 0 || (body.name ?? name) !== name)
    throw new ApiItemError(
      "Invalid",
      `${CREATE_ARGS_FIELD} makes one instance that is called '${name}', and not from a template`,
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
