/** Several gateways in a Kubernetes cluster. */
import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import type { TykRedisArgs } from "../../tyk/args";
import { argumentError } from "../../registration/argumentError";
import { assertObjectName } from "../common/checks";
import { labelValue } from "../common/labels";
import { metadataOf } from "../common/metadata";
import { publicVariables } from "../common/variables";
import { renderControlService, renderIngress, renderTrafficService, urlOf } from "./access";
import type { GatewayOnKubernetesArgs, KubernetesVariables } from "./args";
import { renderAutoscaler, renderDisruptionBudget } from "./availability";
import type { SharedFolder } from "./configuration";
import { CONFIG_FILE, CONTROL_PORT, GATEWAY_PORT, SHARED_FOLDERS, configureGateway } from "./configuration";
import { GATEWAY_PART, renderDeployment } from "./deployment";
import { renderDefinition, renderOperatorContext, renderOperatorSecret } from "./operator";
import type { GatewayPlan } from "./plan";
import { planGateway } from "./plan";
import { renderRedis, renderRedisPolicy, renderRedisSecret, renderRedisService } from "./redis";
import { describeUnsupportedClass, renderClaim } from "./storage";

const TYPE = "unikernel:kubernetes:GatewayOnKubernetes";

/**
 * Longest resource name, to which Pulumi adds a dash and 8 characters. Without Redis, `<name>-control` is the longest name of a Service, 63
 * characters. A StatefulSet such as `<name>-redis` has 52: its pods have a label with 11 more.
 */
const MAX_NAME = 46;
const MAX_NAME_WITH_REDIS = 37;

/**
 * Several gateways in a Kubernetes cluster, which share API definitions, policies and middleware on volumes. Made of plain resources of
 * `@pulumi/kubernetes`: a Deployment with probes, Services, volumes, Redis, an Ingress, a PodDisruptionBudget.
 *
 * ```ts
 * import { GatewayOnKubernetes } from "pulumi-unikernel/kubernetes";
 *
 * const gateway = new GatewayOnKubernetes("gateway", {
 *   image: "docker.tyk.io/tyk-gateway/tyk-gateway:v5.8.3",
 *   replicas: 3,
 *   tyk: { version: "5.8.3", secret: config.requireSecret("tykSecret") },
 *   redis: { image: "redis:7.2", password: config.requireSecret("redisPassword") },
 *   storage: { storageClass: "azurefile-csi" },
 *   ingress: { className: "nginx", host: "api.example.com" },
 * });
 * ```
 */
export class GatewayOnKubernetes extends pulumi.ComponentResource {
  /** URL of the gateways inside the cluster. */
  readonly url: pulumi.Output<string>;
  /** URL of the gateways' own API inside the cluster, with paths such as `/tyk/apis`. */
  readonly controlUrl: pulumi.Output<string>;
  /** Namespace of the objects. */
  readonly namespace: pulumi.Output<string>;
  /** Name of the Deployment. */
  readonly deploymentName: pulumi.Output<string>;
  /** Password of the gateways' own API. */
  readonly secret: pulumi.Output<string>;
  /** Name of the Secret with the gateways' secret variables, such as `TYK_GW_SECRET`. */
  readonly secretName: pulumi.Output<string>;
  /** Name of the claim of each shared folder; empty without volumes. */
  readonly claimNames: pulumi.Output<{ readonly [folder: string]: string }>;

  /**
   * Creates the objects.
   *
   * Throws a `RunError` with `INPUT_INVALID` for arguments that contradict one another or that the cluster would accept and fail with
   * later, such as several gateways with a `ReadWriteOnce` volume on several nodes.
   *
   * @param name resource name, of lower-case letters, digits and dashes; the objects are named after it
   * @param args the gateways
   * @param opts Pulumi's resource options
   */
  constructor(name: string, args: GatewayOnKubernetesArgs, opts?: pulumi.ComponentResourceOptions) {
    const component = `GatewayOnKubernetes '${name}'`;
    const instance = labelValue(`${pulumi.getProject()}.${pulumi.getStack()}.${name}`);
    const plan = planGateway(component, instance, args);
    assertObjectName(component, name, plan.ownRedis === undefined ? MAX_NAME : MAX_NAME_WITH_REDIS);
    super(TYPE, name, {}, opts);
    const parent = { parent: this };
    const env = publicVariables(component, plan.env);
    const configuration = configureGateway({ ...plan, env }, this.createRedis(name, plan, args));
    const config = new k8s.core.v1.ConfigMap(
      `${name}-config`,
      { metadata: metadataOf(plan, GATEWAY_PART), immutable: true, data: { [CONFIG_FILE]: configuration.file } },
      parent,
    );
    const secret = new k8s.core.v1.Secret(
      `${name}-secret`,
      { metadata: metadataOf(plan, GATEWAY_PART), immutable: true, stringData: asSecrets(configuration.secrets) },
      parent,
    );
    const claims = this.createClaims(component, name, plan);
    const deployment = new k8s.apps.v1.Deployment(
      name,
      renderDeployment(plan, configuration, { config: config.metadata.name, secret: secret.metadata.name, claims }),
      // What the autoscaler has made of the number stays.
      plan.autoscale === undefined ? parent : { ...parent, ignoreChanges: ["spec.replicas"] },
    );
    const service = new k8s.core.v1.Service(name, renderTrafficService(plan), parent);
    const control = new k8s.core.v1.Service(`${name}-control`, renderControlService(plan), parent);
    if (plan.ingress !== undefined)
      new k8s.networking.v1.Ingress(name, renderIngress(plan, plan.ingress, service.metadata.name), parent);
    const budget = renderDisruptionBudget(plan);
    if (budget !== undefined) new k8s.policy.v1.PodDisruptionBudget(name, budget, parent);
    const autoscaler = renderAutoscaler(plan, deployment.metadata.name);
    if (autoscaler !== undefined) new k8s.autoscaling.v2.HorizontalPodAutoscaler(name, autoscaler, parent);
    this.url = urlOfService(service, GATEWAY_PORT);
    this.controlUrl = urlOfService(control, CONTROL_PORT);
    this.namespace = deployment.metadata.namespace;
    this.deploymentName = deployment.metadata.name;
    this.secret = pulumi.secret(plan.tyk.secret);
    this.secretName = secret.metadata.name;
    this.claimNames = pulumi.output(claims as { readonly [folder: string]: pulumi.Output<string> });
    this.createDefinitions(name, plan, deployment);
    this.registerOutputs({ url: this.url, controlUrl: this.controlUrl, namespace: this.namespace });
  }

  /** Creates Redis if it is the component's own. Returns where Redis is. */
  private createRedis(name: string, plan: GatewayPlan, { redis }: GatewayOnKubernetesArgs): TykRedisArgs {
    const { ownRedis } = plan;
    // The plan has its own Redis exactly if the arguments have an image.
    if (ownRedis === undefined) return redis as TykRedisArgs;
    const parent = { parent: this };
    const password = pulumi.secret(ownRedis.password);
    const secret = new k8s.core.v1.Secret(`${name}-redis`, renderRedisSecret(plan, password), parent);
    const service = new k8s.core.v1.Service(`${name}-redis`, renderRedisService(plan), parent);
    new k8s.apps.v1.StatefulSet(
      `${name}-redis`,
      renderRedis(plan, ownRedis, service.metadata.name, secret.metadata.name),
      parent,
    );
    new k8s.networking.v1.NetworkPolicy(`${name}-redis`, renderRedisPolicy(plan), parent);
    return { host: service.metadata.name, password };
  }

  private createClaims(
    component: string,
    name: string,
    plan: GatewayPlan,
  ): Readonly<Partial<Record<SharedFolder, pulumi.Output<string>>>> {
    const { storage } = plan;
    if (storage === undefined) return {};
    const storageClass = this.checkedClass(component, name, plan);
    return Object.fromEntries(
      (Object.keys(SHARED_FOLDERS) as SharedFolder[]).map((folder) => {
        const claim = renderClaim(plan, storage, folder, storageClass);
        return [
          folder,
          new k8s.core.v1.PersistentVolumeClaim(`${name}-${folder}`, claim, { parent: this }).metadata.name,
        ];
      }),
    );
  }

  /** The storage class, once the cluster has said what it can do; a preview asks too. */
  private checkedClass(component: string, name: string, { storage }: GatewayPlan): pulumi.Input<string> | undefined {
    if (storage?.storageClass === undefined || !storage.lookUpClass) return storage?.storageClass;
    const { storageClass } = storage;
    const found = k8s.storage.v1.StorageClass.get(`${name}-storage`, storageClass, { parent: this });
    return found.provisioner.apply((provisioner) => {
      const problem = describeUnsupportedClass(storage, provisioner);
      if (problem !== undefined) throw argumentError(component, problem);
      return storageClass;
    });
  }

  private createDefinitions(name: string, plan: GatewayPlan, deployment: k8s.apps.v1.Deployment): void {
    const { operator } = plan;
    if (operator === undefined) return;
    // The operator would fail until there are gateways that answer.
    const opts = { parent: this, dependsOn: [deployment] };
    const stored = renderOperatorSecret(plan, operator.organisation, this.controlUrl, this.secret);
    const secret = new k8s.core.v1.Secret(`${name}-operator`, stored, opts);
    const targetOf = ({ metadata }: k8s.core.v1.Secret | k8s.apiextensions.CustomResource) => ({
      name: metadata.name,
      namespace: metadata.namespace,
    });
    const context = new k8s.apiextensions.CustomResource(
      `${name}-operator`,
      renderOperatorContext(plan, targetOf(secret)),
      opts,
    );
    const define = (kind: "ApiDefinition" | "SecurityPolicy", part: string, dependsOn: readonly pulumi.Resource[]) =>
      Object.entries(kind === "ApiDefinition" ? operator.apis : operator.policies).map(
        ([key, spec]) =>
          new k8s.apiextensions.CustomResource(
            `${name}-${part}-${key}`,
            renderDefinition(plan, kind, `${name}-${key}`, spec, targetOf(context)),
            { parent: this, dependsOn: [...dependsOn] },
          ),
      );
    // Policies name the APIs that they are for.
    define("SecurityPolicy", "policy", define("ApiDefinition", "api", [deployment]));
  }
}

const asSecrets = (variables: KubernetesVariables): KubernetesVariables =>
  Object.fromEntries(Object.entries(variables).map(([key, value]) => [key, pulumi.secret(value)]));

const urlOfService = ({ metadata }: k8s.core.v1.Service, port: number): pulumi.Output<string> =>
  pulumi.all([metadata.name, metadata.namespace]).apply(([name, namespace]) => urlOf(name, namespace, port));
