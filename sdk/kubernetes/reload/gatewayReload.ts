/** Reloads gateways in a cluster when their configuration has changed. */
import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import * as z from "zod";
import { assertObjectName, inputText, members, parseArguments, secondsInMs } from "../common/checks";
import { labelValue } from "../common/labels";
import type { GatewayReloadArgs } from "./args";
import { checksumOf, headerOf, renderReloadJob, renderReloadSecret } from "./job";

const TYPE = "unikernel:kubernetes:GatewayReload";

/** Longest resource name: Pulumi adds a dash and 8 characters, and pods have the name of their Job as a label of 63 at most. */
const MAX_NAME = 54;

const NEEDED: readonly (keyof GatewayReloadArgs["gateway"])[] = ["controlUrl", "secret", "namespace"];

const memberOf = (value: object, name: string): unknown => (value as Readonly<Record<string, unknown>>)[name];

const schema = members({
  gateway: z.custom<GatewayReloadArgs["gateway"]>(
    (value) => typeof value === "object" && value !== null && NEEDED.every((one) => memberOf(value, one) !== undefined),
    "must be a GatewayOnKubernetes, or an object with controlUrl, secret and namespace.",
  ),
  reloadOn: z.custom<GatewayReloadArgs["reloadOn"]>(
    (value) =>
      pulumi.Output.isInstance(value) || value instanceof Promise || (Array.isArray(value) && value.length > 0),
    "must be a list with at least one value.",
  ),
  withinMs: secondsInMs(1, 3_600).default(120_000),
  image: inputText.default("curlimages/curl:8.10.1"),
});

/**
 * Makes all gateways of a cluster load API definitions and policies again, each time one of the values in `reloadOn` changes, and when it
 * is created. Changes of Tyk's own file or of variables need no reload: they roll the gateways.
 *
 * ```ts
 * new GatewayReload("reload", { gateway, reloadOn: [definitions] }, { dependsOn: [upload] });
 * ```
 *
 * The request is sent by a Job in the cluster, because nothing outside reaches the gateways' own API, and nothing should. It goes to one
 * gateway, which tells the others through Redis; each loads within about a second. A preview shows the replaced Job and sends nothing, and
 * neither does a deletion. A Service of unikernels has the same as its own arguments: `reloadOn` and `reload`.
 */
export class GatewayReload extends pulumi.ComponentResource {
  /** Name of the Job that has sent the request. */
  readonly jobName: pulumi.Output<string>;

  /**
   * Sends the request, and waits until a gateway has accepted it.
   *
   * Throws a `RunError` with `INPUT_INVALID` for arguments that cannot be right.
   *
   * @param name resource name, of lower-case letters, digits and dashes; the Job is named after it
   * @param args what to reload, and when
   * @param opts Pulumi's resource options; `dependsOn` what writes the configuration
   */
  constructor(name: string, args: GatewayReloadArgs, opts?: pulumi.ComponentResourceOptions) {
    const component = `GatewayReload '${name}'`;
    const { gateway, reloadOn, withinMs, image } = parseArguments(component, schema, args);
    assertObjectName(component, name, MAX_NAME);
    super(TYPE, name, {}, opts);
    const owner = {
      instance: labelValue(`${pulumi.getProject()}.${pulumi.getStack()}.${name}`),
      namespace: gateway.namespace,
    };
    const header = pulumi.secret(pulumi.output(gateway.secret).apply(headerOf));
    const checksum = pulumi.output(reloadOn).apply((values) => checksumOf(values));
    const secret = new k8s.core.v1.Secret(name, renderReloadSecret(owner, header, checksum), { parent: this });
    const request = { url: gateway.controlUrl, secret: secret.metadata.name, image, withinMs };
    this.jobName = new k8s.batch.v1.Job(name, renderReloadJob(owner, request), { parent: this }).metadata.name;
    this.registerOutputs({ jobName: this.jobName });
  }
}
