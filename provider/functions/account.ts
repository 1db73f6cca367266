/** Functions about the account and the metros. */
import * as z from "zod";
import { onlyItem } from "../client/client";
import { field, objectType } from "../definition/resource";
import { defineFunction } from "./function";
import { fromWire } from "./fromWire";

const imageInfo = objectType(
  "ImageInfo",
  "An image as the API reports it.",
  z.object({
    url: field(z.string(), { description: "Reference by digest." }),
    createdAt: field(z.string().optional(), { description: "Creation time, RFC 3339." }),
    sizeInBytes: field(z.number().optional(), { description: "Size in bytes." }),
    args: field(z.array(z.string()).default([]), { description: "Argument list of the program." }),
    tags: field(z.array(z.string()).default([]), { description: "References by tag." }),
  }),
);

/** The images in the metro. */
export const getImages = defineFunction({
  kind: "getImages",
  description: "Lists the images that instances in this metro can boot.",
  inputs: z.strictObject({
    digests: field(z.array(z.string().min(1)).optional(), {
      description: "Only images with one of these digests. Default: all.",
    }),
    tags: field(z.array(z.string().min(1)).optional(), {
      description: "Only images with one of these references, such as `acme/shop:1.4`. Default: all.",
    }),
  }),
  outputs: z.object({ images: field(z.array(imageInfo), { description: "The images." }) }),
  run: async ({ client }, { digests, tags }) => {
    const query = {
      ...(digests === undefined ? {} : { digest: [...digests] }),
      ...(tags === undefined ? {} : { tag: [...tags] }),
    };
    const { items } = await client.getImages({ query });
    return { images: items.map((item) => fromWire(imageInfo, item)) };
  },
});

const quotaCounts = (typeName: string) =>
  objectType(
    typeName,
    typeName === "QuotaUse" ? "Current use of the account's quotas." : "Quotas of the account.",
    z.object({
      instances: field(z.int().optional(), { description: "Number of instances." }),
      liveInstances: field(z.int().optional(), { description: "Number of instances that are not stopped." }),
      liveVcpus: field(z.int().optional(), { description: "Virtual CPUs of live instances." }),
      liveMemoryMb: field(z.int().optional(), { description: "Memory of live instances in MiB." }),
      serviceGroups: field(z.int().optional(), { description: "Number of services." }),
      services: field(z.int().optional(), { description: "Number of published ports of all services." }),
      volumes: field(z.int().optional(), { description: "Number of volumes." }),
      totalVolumeMb: field(z.int().optional(), { description: "Size of all volumes in MiB." }),
    }),
  );

const quotasResult = z.object({
  uuid: field(z.string(), { description: "UUID of the user, which identifies the account." }),
  used: field(quotaCounts("QuotaUse"), { description: "Current use." }),
  hard: field(quotaCounts("QuotaHard"), { description: "Quotas." }),
  limits: field(
    objectType(
      "QuotaLimits",
      "Limits of a single object.",
      z.object({
        minMemoryMb: field(z.int().optional(), { description: "Minimum memory of an instance in MiB." }),
        maxMemoryMb: field(z.int().optional(), { description: "Maximum memory of an instance in MiB." }),
        minVcpus: field(z.int().optional(), { description: "Minimum number of virtual CPUs of an instance." }),
        maxVcpus: field(z.int().optional(), { description: "Maximum number of virtual CPUs of an instance." }),
        minVolumeMb: field(z.int().optional(), { description: "Minimum size of a volume in MiB." }),
        maxVolumeMb: field(z.int().optional(), { description: "Maximum size of a volume in MiB." }),
        minAutoscaleSize: field(z.int().optional(), {
          description: "Minimum number of instances of an autoscaled service.",
        }),
        maxAutoscaleSize: field(z.int().optional(), {
          description: "Maximum number of instances of an autoscaled service.",
        }),
      }),
    ),
    { description: "Limits of a single object." },
  ),
});

/** The account's quotas and their current use. */
export const getQuotas = defineFunction({
  kind: "getQuotas",
  description: "Reads the account's quotas in this metro and their current use.",
  inputs: z.strictObject({}),
  outputs: quotasResult,
  run: async ({ client, metro }) =>
    fromWire(quotasResult, onlyItem(await client.getQuotas({}), `Reading the quotas of metro '${metro}'`)),
});

const metroInfo = objectType(
  "MetroInfo",
  "A metro.",
  z.object({
    name: field(z.string(), { description: "Code, usable as `unikernel:metro`." }),
    endpoint: field(z.string(), { description: "URL of the metro's API." }),
    iataCode: field(z.string().optional(), { description: "IATA code of the nearest airport." }),
    country: field(z.string().optional(), { description: "Country code." }),
  }),
);

/** The metros that the control plane lists. */
export const getMetros = defineFunction({
  kind: "getMetros",
  description: "Lists the metros that the control plane knows; with metro `local`, only `local`.",
  inputs: z.strictObject({}),
  outputs: z.object({ metros: field(z.array(metroInfo), { description: "The metros." }) }),
  run: async ({ client }) => ({
    metros: (await client.getMetros({})).items.map((item) => fromWire(metroInfo, item)),
  }),
});
