/** Creates the resources of a plan. */
import * as pulumi from "@pulumi/pulumi";
import { GatewayImage } from "../gatewayImage";
import { Instance } from "../instance";
import { Service } from "../service";
import { Volume } from "../volume";
import type { ComposeService } from "./args";
import type { ComposePlan, PlannedService, PlannedText, PlannedWorkload } from "./provider";

const inputOf = ({ text, isSecret }: PlannedText): pulumi.Input<string> => (isSecret ? pulumi.secret(text) : text);

const inputsOf = (
  texts: Readonly<Record<string, PlannedText>> | undefined,
): Readonly<Record<string, pulumi.Input<string>>> | undefined =>
  texts && Object.fromEntries(Object.entries(texts).map(([name, text]) => [name, inputOf(text)] as const));

/** Creates the volumes, then each service after those that it depends on. Returns the services by their keys in the file. */
export function createResources(plan: ComposePlan, parent: pulumi.Resource): ReadonlyMap<string, ComposeService> {
  const volumes = new Map<string, Volume>();
  for (const { key, name, sizeMb } of plan.volumes)
    volumes.set(
      key,
      new Volume(`${plan.project}-${key}`, { ...(name === undefined ? {} : { name }), sizeMb }, { parent }),
    );
  const services = new Map<string, ComposeService>();
  for (const planned of plan.services) {
    const dependsOn = planned.dependsOn.flatMap((key): readonly pulumi.Resource[] => {
      const { instances = [], service } = services.get(key) ?? {};
      return service === undefined ? instances : [...instances, service];
    });
    services.set(planned.key, createService(planned, volumes, { parent, dependsOn }));
  }
  return services;
}

function createService(
  planned: PlannedService,
  volumes: ReadonlyMap<string, Volume>,
  opts: pulumi.CustomResourceOptions,
): ComposeService {
  const { name, image: source, isJob } = planned;
  const image = "build" in source ? createImage(name, source.build, opts.parent) : undefined;
  const workload = workloadArgs(planned.workload, volumes);
  const program = { image: image ?? ("reference" in source ? source.reference : ""), ...workload };
  const service = createPorts(planned, program, opts);
  const instances = planned.instances.map(
    (instance, index) =>
      new Instance(
        planned.instances.length === 1 ? name : `${name}-${index + 1}`,
        {
          name: instance,
          ...program,
          ...(isJob ? { waitFor: "completed" as const } : {}),
          ...(service === undefined ? {} : { service: service.id }),
        },
        opts,
      ),
  );
  return {
    image,
    instances,
    service,
    url: service?.url ?? pulumi.output(""),
    privateFqdn: instances[0]?.privateFqdn ?? pulumi.output(""),
  };
}

function createPorts(
  { name, service }: PlannedService,
  program: { readonly image: GatewayImage | string },
  opts: pulumi.CustomResourceOptions,
): Service | undefined {
  if (service === undefined) return undefined;
  const { ports, domain, replicas } = service;
  const domains = domain === undefined ? {} : { domains: [{ name: domain }] };
  const replicated = replicas === 0 ? { replicas } : { replicas, template: program };
  return new Service(name, { ports, ...domains, ...replicated }, opts);
}

function createImage(
  name: string,
  { context, kraftfile, repository, build }: Extract<PlannedService["image"], { readonly build: unknown }>["build"],
  parent: pulumi.Resource | undefined,
): GatewayImage {
  const args = inputsOf(build?.args);
  return new GatewayImage(
    name,
    {
      context,
      ...(kraftfile === undefined ? {} : { kraftfile }),
      ...(repository === undefined ? {} : { repository }),
      ...(build === undefined ? {} : { build: { ...build, args } }),
    },
    parent === undefined ? {} : { parent },
  );
}

/** What an Instance and a template both take; what the file does not say is left to their defaults. */
function workloadArgs(workload: PlannedWorkload, volumes: ReadonlyMap<string, Volume>) {
  const { args, memoryMb, ephemeralVolumes, restartPolicy, scaleToZero, annotations, hostname } = workload;
  const mounts = workload.volumes.map(({ volume, at, readonly }) => ({
    volume: "name" in volume ? volume.name : (volumes.get(volume.key)?.id ?? ""),
    at,
    ...(readonly ? { readonly } : {}),
  }));
  return {
    env: inputsOf(workload.env),
    ...(args === undefined ? {} : { args: args.map(inputOf) }),
    ...(memoryMb === undefined ? {} : { memoryMb }),
    ...(mounts.length === 0 ? {} : { volumes: mounts }),
    ...(ephemeralVolumes.length === 0 ? {} : { ephemeralVolumes }),
    ...(restartPolicy === undefined ? {} : { restartPolicy }),
    ...(scaleToZero === undefined ? {} : { scaleToZero }),
    ...(Object.keys(annotations).length === 0 ? {} : { annotations }),
    ...(hostname === undefined ? {} : { hostname }),
  };
}
