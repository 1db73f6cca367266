/** Unikernels in a Kubernetes cluster. */
import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { GatewayImage } from "../../gatewayImage";
import { argumentError } from "../../registration/argumentError";
import { assertObjectName } from "../common/checks";
import { labelValue } from "../common/labels";
import { publicVariables } from "../common/variables";
import type { UnikernelDeploymentArgs } from "./args";
import { planUnikernels } from "./plan";
import { renderUnikernelBudget, renderUnikernelSecret, renderUnikernelService, renderUnikernels } from "./pod";

const TYPE = "unikernel:kubernetes:UnikernelDeployment";

/** Longest resource name: Pulumi adds a dash and 8 characters, and the name of a Service has 63 at most. */
const MAX_NAME = 54;

/**
 * Runs the image of an Instance or a Service in a Kubernetes cluster: as VMs of its nodes through urunc, or as instances of Unikraft Cloud
 * through a virtual kubelet.
 *
 * ```ts
 * const image = new unikernel.GatewayImage("gateway", { context: "./gateway", repository: "ghcr.io/acme/gateway" });
 * new UnikernelDeployment("gateway", {
 *   image,
 *   runtime: { kind: "virtualKubelet", scaleToZero: { policy: "idle", stateful: true } },
 *   ports: [{ port: 443, destinationPort: 8080 }],
 * });
 * ```
 */
export class UnikernelDeployment extends pulumi.ComponentResource {
  /** Name of the Deployment. */
  readonly deploymentName: pulumi.Output<string>;
  /** Name of the Service; `undefined` without ports. */
  readonly serviceName: pulumi.Output<string> | undefined;

  /**
   * Creates the objects.
   *
   * Throws a `RunError` with `INPUT_INVALID` for arguments that contradict one another, and for what the chosen runtime would ignore,
   * such as probes of a virtual kubelet.
   *
   * @param name resource name, of lower-case letters, digits and dashes; the objects are named after it
   * @param args the unikernels
   * @param opts Pulumi's resource options
   */
  constructor(name: string, args: UnikernelDeploymentArgs, opts?: pulumi.ComponentResourceOptions) {
    const component = `UnikernelDeployment '${name}'`;
    const instance = labelValue(`${pulumi.getProject()}.${pulumi.getStack()}.${name}`);
    const checked = planUnikernels(component, instance, args);
    assertObjectName(component, name, MAX_NAME);
    super(TYPE, name, {}, opts);
    const parent = { parent: this };
    const plan = { ...checked, env: publicVariables(component, checked.env) };
    const values = Object.entries(plan.secrets).map(([key, value]) => [key, pulumi.secret(value)] as const);
    const stored = renderUnikernelSecret(plan, Object.fromEntries(values));
    const secret = stored && new k8s.core.v1.Secret(name, stored, parent).metadata.name;
    const deployment = renderUnikernels(plan, referenceOf(component, args.image), secret);
    this.deploymentName = new k8s.apps.v1.Deployment(name, deployment, parent).metadata.name;
    const budget = renderUnikernelBudget(plan);
    if (budget !== undefined) new k8s.policy.v1.PodDisruptionBudget(name, budget, parent);
    const service = renderUnikernelService(plan);
    this.serviceName = service && new k8s.core.v1.Service(name, service, parent).metadata.name;
    this.registerOutputs({ deploymentName: this.deploymentName });
  }
}

/** A reference that nodes can pull: one without a registry's host is only in the store of metro `local`. */
const referenceOf = (component: string, image: UnikernelDeploymentArgs["image"]): pulumi.Input<string> =>
  GatewayImage.isInstance(image)
    ? image.ref.apply((ref) => {
        if (/^[^/]*[.:][^/]*\//.test(ref)) return ref;
        const reason = "is in no registry, so that no node can pull it; set repository on the GatewayImage.";
        throw argumentError(component, `image: ${reason}`);
      })
    : image;
