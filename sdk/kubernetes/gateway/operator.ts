/**
 * Objects of the Tyk operator. It writes each definition through the gateways' own API and then reloads all of them.
 *
 * Source of the kinds and fields: tyk-operator 1.4.2, `api/v1alpha1` (OperatorContext, ApiDefinition, SecurityPolicy).
 */
import type * as k8s from "@pulumi/kubernetes";
import type * as pulumi from "@pulumi/pulumi";
import { metadataOf } from "../common/metadata";
import type { GatewayPlan } from "./plan";

/** A custom resource: what CustomResource takes. */
export interface CustomObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: k8s.types.input.meta.v1.ObjectMeta;
  readonly spec: object;
}

const API_VERSION = "tyk.tyk.io/v1alpha1";
const OPERATOR_PART = "operator";

/**
 * The Secret that tells the operator where the gateways are.
 *
 * @param url of the gateways' own API
 * @param secret password of that API
 */
export const renderOperatorSecret = (
  plan: GatewayPlan,
  organisation: string,
  url: pulumi.Input<string>,
  secret: pulumi.Input<string>,
): k8s.types.input.core.v1.Secret => ({
  metadata: metadataOf(plan, OPERATOR_PART),
  stringData: { TYK_MODE: "ce", TYK_URL: url, TYK_AUTH: secret, TYK_ORG: organisation },
});

/** An object that another one names. */
interface Target {
  readonly name: pulumi.Input<string>;
  readonly namespace: pulumi.Input<string>;
}

/** The object by which definitions name these gateways. */
export const renderOperatorContext = (plan: GatewayPlan, secret: Target): CustomObject => ({
  apiVersion: API_VERSION,
  kind: "OperatorContext",
  metadata: metadataOf(plan, OPERATOR_PART),
  spec: { secretRef: secret },
});

/** A definition. Its name is no choice of Pulumi's, since policies refer to APIs by it. */
export const renderDefinition = (
  plan: GatewayPlan,
  kind: "ApiDefinition" | "SecurityPolicy",
  name: string,
  spec: object,
  context: Target,
): CustomObject => ({
  apiVersion: API_VERSION,
  kind,
  metadata: { ...metadataOf(plan, OPERATOR_PART), name },
  spec: { ...spec, contextRef: context },
});
