/** Rules for `reloadOn` and `reload`. Pure. */
import type { CheckFailure, Rule } from "../../../definition/resource";
import { type PathPart, formatPath } from "../../../definition/propertyPath";
import type { ServiceInputs } from "../inputs";
import { MAX_TEMPLATE_TAGS } from "../replicaTags";
import { defaultGatePort, isPublished } from "../rollout/policy";
import { scopeOf } from "./input";

/** Checks only whether inputs are set, so unknown values inside them do not matter. */
function checkReloadOn({ reloadOn, reload, template }: ServiceInputs): readonly CheckFailure[] {
  if (reloadOn === undefined) {
    if (reload === undefined) return [];
    const reason =
      "has no effect without reloadOn, which says when the replicas are reloaded; set reloadOn, or remove it.";
    return [{ property: "reload", reason }];
  }
  if (template !== undefined) return [];
  const reason =
    "applies to the replicas of a template, and this service has none; set template, or remove it. Instances of autoscale or that join by themselves are not reloaded.";
  return [{ property: "reloadOn", reason }];
}

/** The paths of the numbers that JSON does not have, which the state would keep as null. */
function findInvalidNumbers(value: unknown, path: readonly PathPart[]): readonly string[] {
  if (typeof value === "number") return Number.isFinite(value) ? [] : [formatPath(path)];
  if (value === null || typeof value !== "object") return [];
  return Object.entries(value).flatMap(([key, inner]: [string, unknown]) =>
    findInvalidNumbers(inner, [...path, Array.isArray(value) ? Number(key) : key]),
  );
}

const checkNumbers = ({ reloadOn }: ServiceInputs): readonly CheckFailure[] =>
  findInvalidNumbers(reloadOn, ["reloadOn"]).map((property) => ({
    property,
    reason: "must not be NaN or infinite, because such a value cannot be told from another one. Correct the program.",
  }));

function checkTags({ reloadOn, template }: ServiceInputs): readonly CheckFailure[] {
  const tags = template?.tags.length ?? 0;
  if (reloadOn === undefined || tags < MAX_TEMPLATE_TAGS) return [];
  const reason = `has ${tags} tags, and with reloadOn a replica can have ${MAX_TEMPLATE_TAGS - 1}: one more marks its configuration. Remove one.`;
  return [{ property: "template.tags", reason }];
}

function checkPort({ ports, reload }: ServiceInputs): readonly CheckFailure[] {
  if (reload === undefined) return [];
  const { port = defaultGatePort(ports) } = reload;
  if (port === undefined)
    return [
      {
        property: "reload.port",
        reason:
          'required: no published port has the handler "http", so say which port inside the instance answers the path.',
      },
    ];
  if (scopeOf(reload) === "member" || isPublished(ports, port)) return [];
  const reason = `no port of the service leads to ${port}, and the scope "group" sends its request through the service. Publish it, or give a port that is published.`;
  return [{ property: "reload.port", reason }];
}

/** The rules. */
export const reloadRules: readonly Rule<ServiceInputs>[] = [
  { reads: ["replicas"], test: checkReloadOn },
  { reads: ["reloadOn"], test: checkNumbers },
  { reads: ["template.tags"], test: checkTags },
  { reads: ["ports", "reload.port", "reload.scope"], test: checkPort },
];
