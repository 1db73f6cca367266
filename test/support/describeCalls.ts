/** Describes API calls with the sentences of a preview. */
import type { ApiCall } from "./inMemoryApi";

const camel = (snake: string): string => snake.replace(/_(.)/g, (_all, letter: string) => letter.toUpperCase());
/** The input of an instance that a PATCH changes. */
const inputOf = (prop: string): string => (prop === "readiness_probe" ? "gate" : camel(prop));
const joinWords = (words: readonly string[]): string =>
  words.length < 2 ? words.join("") : `${words.slice(0, -1).join(", ")} and ${words.at(-1) ?? ""}`;
const plain = ({ name }: { name: string }): string => name.replace(/\.$/, "").toLowerCase();
const portOf = ({ port, protocol = "tcp" }: { port: number; protocol?: string }): string =>
  protocol === "tcp" ? String(port) : `${port}/${protocol}`;
const replicas = (count: number): string => (count === 1 ? "1 replica" : `${count} replicas`);

const volume = ({ body, at }: ApiCall): readonly string[] => {
  const named = String(body["uuid"] ?? body["name"]);
  return [`'${named}'`, String(body["at"] ?? at)];
};

function describeServicePatch({ body: { prop, op, value } }: ApiCall): string {
  if (prop === "services") return `publish ${(value as { port: number }[]).map(portOf).join(", ")}`;
  if (prop === "domains") {
    const names = (value as { name: string }[]).map(plain).join(", ");
    return op === "del" ? `release the domains ${names}` : `set the domains to ${names}`;
  }
  if (prop !== "autokill") return `set the ${String(prop).replace("_", " ")} to ${String(value)}`;
  // Cleared, in whichever form.
  if (op === "del" || value === undefined) return "turn automatic deletion off";
  return `delete it after ${(value as { time_ms: number }).time_ms} ms without an instance`;
}

function describeVolumePatch({ body: { prop, value } }: ApiCall): string {
  if (prop === "delete_lock") return value === true ? "lock it against deletion" : "allow its deletion";
  if (prop === "quota_policy") return `set the quota policy to ${String(value)}`;
  if (prop === "size_mb") return `grow to ${String(value)} MiB`;
  const tags = value as string[];
  return tags.length === 0 ? "remove all tags" : `set the tags to ${tags.join(", ")}`;
}

/** The text of one call; undefined for a part of a rollout. */
function describeCall(call: ApiCall, before: ApiCall | undefined): string {
  const { route, body } = call;
  switch (route) {
    case "stopInstances":
      return body["drain_timeout_ms"] === undefined || body["drain_timeout_ms"] === -1
        ? "stop it"
        : `stop it within ${Number(body["drain_timeout_ms"]) / 1000} s`;
    case "startInstances":
      return "start it";
    case "attachVolumes":
      return `attach volume ${volume(call).join(" at ")}`;
    case "detachVolumes":
      return `detach volume ${volume(call).join(" from ")}`;
    case "patchServices":
      return describeServicePatch(call);
    case "patchVolumes":
      return describeVolumePatch(call);
    case "updateCertificates":
      return "upload the new chain and key";
    case "createAutoscale":
      return before?.route === "deleteAutoscale" ? "configure autoscale again" : "configure autoscale";
    case "deleteAutoscale":
      return "remove the autoscale configuration, which drains and deletes its instances";
    case "createPolicy":
      return `add the policy ${String(body["name"])}`;
    case "deletePolicy":
      return `remove the policy ${String(body["name"])}`;
    default:
      return `${route} ${JSON.stringify(body)}`;
  }
}

/** What an update of one resource did, in order. Consecutive PATCHes are one step. */
export function describeInstanceUpdate(calls: readonly ApiCall[]): readonly string[] {
  const isPatch = (call: ApiCall | undefined): boolean => call?.route === "patchInstances";
  return calls.flatMap((call, index) => {
    if (!isPatch(call)) return [describeCall(call, calls[index - 1])];
    if (isPatch(calls[index - 1])) return [];
    const end = calls.findIndex((one, at) => at > index && !isPatch(one));
    const patches = calls.slice(index, end === -1 ? undefined : end);
    return [`change ${joinWords(patches.map(({ body }) => inputOf(String(body["prop"]))))} in place`];
  });
}

const ROLLOUT_ROUTES: readonly string[] = ["createInstance", "stopInstances", "deleteInstances"];

/** The same for a service, whose replicas are one step at their first change. */
export function describeServiceUpdate(calls: readonly ApiCall[]): readonly string[] {
  const rolling = calls.filter(({ route }) => ROLLOUT_ROUTES.includes(route));
  const [launched, deleted] = ["createInstance", "deleteInstances"].map(
    (route) => rolling.filter((call) => call.route === route).length,
  );
  const roll =
    deleted === 0
      ? `launch ${replicas(launched ?? 0)}`
      : launched === 0
        ? `drain and delete ${replicas(deleted ?? 0)}`
        : `roll the changed template out to ${replicas(launched ?? 0)}`;
  return calls.flatMap((call, index) =>
    call === rolling[0] ? [roll] : rolling.includes(call) ? [] : [describeCall(call, calls[index - 1])],
  );
}

/** The same for a volume or a certificate. */
export const describeUpdate = (calls: readonly ApiCall[]): readonly string[] =>
  calls.map((call, index) => describeCall(call, calls[index - 1]));
