/** The objects that make gateways in a cluster load their configuration again. Pure. */
import * as crypto from "node:crypto";
import type * as k8s from "@pulumi/kubernetes";
import type * as pulumi from "@pulumi/pulumi";
import { labelsOf } from "../common/labels";
// Two statements: TypeScript 3.8, which Pulumi bundles, reads these declarations.
import type { ObjectOwner } from "../common/metadata";
import { metadataOf } from "../common/metadata";
import { CONTAINER_SECURITY, podSecurity } from "../common/security";

const RELOAD_PART = "reload";
/** A user that no image has anything for. */
const USER = 65_532;

const HEADER_FILE = "header";
const HEADER_FOLDER = "/etc/gateway-reload";

/** Makes every gateway of one Redis reload. Source: TykTechnologies/tyk, `gateway/api.go` (`groupResetHandler`). */
const RELOAD_PATH = "/tyk/reload/group";

/** Attempts within the time; curl doubles the pause between them. */
const MAX_ATTEMPTS = 100;
const ATTEMPT_SECONDS = 10;

/** Exit code of curl for a status from 400 on that it does not try again. Source: curl(1), "EXIT CODES". */
const REFUSED = 22;

/** JSON with sorted keys, and with the text of numbers that JSON has no form for. */
const canonicalJson = (value: unknown): string =>
  JSON.stringify(value, (_key, inner: unknown) => {
    if (typeof inner === "bigint") return String(inner);
    return inner !== null && typeof inner === "object" && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
      : inner;
  });

/** A text that changes with the values, whatever the order of their keys. */
export const checksumOf = (reloadOn: readonly unknown[]): string =>
  crypto.createHash("sha256").update(canonicalJson(reloadOn)).digest("hex");

/**
 * What the Job sends, and a hash of what it is for. The Secret has the hash because the values may be secret: from an annotation, anybody
 * who sees the Job could guess a short one. Another hash makes another Secret, whose name makes another Job.
 */
export const renderReloadSecret = (
  owner: ObjectOwner,
  secret: pulumi.Input<string>,
  checksum: pulumi.Input<string>,
): k8s.types.input.core.v1.Secret => ({
  metadata: metadataOf(owner, RELOAD_PART),
  immutable: true,
  stringData: { [HEADER_FILE]: secret, configuration: checksum },
});

/** The header that authorises the request, for the file that curl reads: an argument would show it to everybody who sees the Job. */
export const headerOf = (secret: string): string => `x-tyk-authorization: ${secret}`;

/** What the Job does. */
export interface ReloadRequest {
  /** URL of the gateways' own API. */
  readonly url: pulumi.Input<string>;
  /** Name of the Secret. */
  readonly secret: pulumi.Input<string>;
  /** Image with curl. */
  readonly image: pulumi.Input<string>;
  readonly withinMs: number;
}

/**
 * The Job. It stays after its end, without a time to live: once it is gone, a refresh would miss it and the next update would reload
 * again.
 */
export function renderReloadJob(
  owner: ObjectOwner,
  { url, secret, image, withinMs }: ReloadRequest,
): k8s.types.input.batch.v1.Job {
  const seconds = withinMs / 1000;
  return {
    metadata: metadataOf(owner, RELOAD_PART),
    spec: {
      activeDeadlineSeconds: seconds + ATTEMPT_SECONDS,
      backoffLimit: 3,
      // The gateways refused: the secret is wrong, and would be at the next attempt.
      podFailurePolicy: {
        rules: [{ action: "FailJob", onExitCodes: { containerName: RELOAD_PART, operator: "In", values: [REFUSED] } }],
      },
      template: {
        metadata: { labels: labelsOf(owner.instance, RELOAD_PART) },
        spec: {
          restartPolicy: "Never",
          automountServiceAccountToken: false,
          enableServiceLinks: false,
          securityContext: podSecurity(USER, USER),
          containers: [
            {
              name: RELOAD_PART,
              image,
              command: ["curl"],
              args: [
                ...["--silent", "--show-error", "--fail", "--max-time", String(ATTEMPT_SECONDS)],
                ...["--retry", String(MAX_ATTEMPTS), "--retry-max-time", String(seconds), "--retry-connrefused"],
                ...["--header", `@${HEADER_FOLDER}/${HEADER_FILE}`, "$(RELOAD_URL)"],
              ],
              env: [
                { name: "GATEWAY_URL", value: url },
                { name: "RELOAD_URL", value: `$(GATEWAY_URL)${RELOAD_PATH}` },
              ],
              resources: { requests: { cpu: "10m", memory: "16Mi" }, limits: { memory: "64Mi" } },
              securityContext: CONTAINER_SECURITY,
              volumeMounts: [{ name: "request", mountPath: HEADER_FOLDER, readOnly: true }],
            },
          ],
          volumes: [
            {
              name: "request",
              secret: { secretName: secret, items: [{ key: HEADER_FILE, path: HEADER_FILE }] },
            },
          ],
        },
      },
    },
  };
}
