/** Functions about the account and the metros. */
import * as z from "zod";
import { onlyItem } from "../client/client";
import { field, objectType } from "../definition/resource";
import { defineFunction } from "./function";
import { fromWire } from "./fromWire";

const imageInfo = objectType(
  "ImageInfo",
  "An image, as the metro reports it.",
  z.object({
    url: field(z.string(), { description: "Reference with the digest." }),
    createdAt: field(z.string().optional(), { description: "Creation time, RFC 3339." }),
    sizeInBytes: field(z.number().optional(), { description: "Size in bytes." }),
    args: field(z.array(z.string()).default([]), { description: "Arguments of its program." }),
    tags: field(z.array(z.string()).default([]), { description: "References by tag." }),
  }),
);

/** Images that the metro knows. */
export const getImages = defineFunction({
  kind: "getImages",
  description: "The images that instances of this metro can boot.",
  inputs: z.strictObject({
    digests: field(z.array(z.string().min(1)).optional(), { description: "Only images with one of these digests." }),
    tags: field(z.array(z.string().min(1)).optional(), {
      description: "Only images with one of these references, such as `acme/shop:1.4`.",
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
    typeName === "QuotaUse" ? "What is used of the account's quotas." : "The most that the account may use.",
    z.object({
      instances: field(z.int().optional(), { description: "Instances." }),
      liveInstances: field(z.int().optional(), { description: "Instances that are not stopped." }),
      liveVcpus: field(z.int().optional(), { description: "Virtual CPUs of live instances." }),
      liveMemoryMb: field(z.int().optional(), { description: "MiB of memory of live instances." }),
      serviceGroups: field(z.int().optional(), { description: "Services." }),
      services: field(z.int().optional(), { description: "Published ports over all services." }),
      volumes: field(z.int().optional(), { description: "Volumes." }),
      totalVolumeMb: field(z.int().optional(), { description: "MiB of all volumes." }),
    }),
  );

const quotasResult = z.object({
  uuid: field(z.string(), { description: "UUID of the user, which identifies the account." }),
  used: field(quotaCounts("QuotaUse"), { description: "What is used." }),
  hard: field(quotaCounts("QuotaHard"), { description: "What may be used." }),
  limits: field(
    objectType(
      "QuotaLimits",
      "Ranges for one object.",
      z.object({
        minMemoryMb: field(z.int().optional(), { description: "Least memory of an instance in MiB." }),
        maxMemoryMb: field(z.int().optional(), { description: "Most memory of an instance in MiB." }),
        minVcpus: field(z.int().optional(), { description: "Fewest virtual CPUs of an instance." }),
        maxVcpus: field(z.int().optional(), { description: "Most virtual CPUs of an instance." }),
        minVolumeMb: field(z.int().optional(), { description: "Smallest volume in MiB." }),
        maxVolumeMb: field(z.int().optional(), { description: "Largest volume in MiB." }),
        minAutoscaleSize: field(z.int().optional(), { description: "Fewest instances of an autoscaled service." }),
        maxAutoscaleSize: field(z.int().optional(), { description: "Most instances of an autoscaled service." }),
      }),
    ),
    { description: "Ranges for one object." },
  ),
});

/** Quotas of the account. */
export const getQuotas = defineFunction({
  kind: "getQuotas",
  description: "What the account uses and may use in this metro.",
  inputs: z.strictObject({}),
  outputs: quotasResult,
  run: async ({ client, metro }) =>
    fromWire(quotasResult, onlyItem(await client.getQuotas({}), `Reading the quotas of metro '${metro}'`)),
});

const metroInfo = objectType(
  "MetroInfo",
  "A metro.",
  z.object({
    name: field(z.string(), { description: "Code, as `unikernel:metro` takes it." }),
    endpoint: field(z.string(), { description: "URL of its API." }),
    iataCode: field(z.string().optional(), { description: "Code of the nearest airport." }),
    country: field(z.string().optional(), { description: "Country code." }),
  }),
);

/** Metros that there are. */
export const getMetros = defineFunction({
  kind: "getMetros",
  description: "The metros that the control plane knows; for `local` that one.",
  inputs: z.strictObject({}),
  outputs: z.object({ metros: field(z.array(metroInfo), { description: "The metros." }) }),
  run: async ({ client }) => ({
    metros: (await client.getMetros({})).items.map((item) => fromWire(metroInfo, item)),
  }),
});
