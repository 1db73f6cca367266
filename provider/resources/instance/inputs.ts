/** What an Instance can be told beside its guest's inputs, and how all of it travels. */
import * as z from "zod";
import { MAX_DRAIN_MS } from "../../contract/models/common";
import { type Properties, field, objectType } from "../../definition/resource";
import { serviceDomain } from "../service/domains";
import { adoptField } from "../common/adopt";
import { idOrName, nameField } from "../common/fields";
import { workloadFields, sourceFields } from "../workload/inputs";
import { publishedPort } from "../service/ports";

const requestLimit = z.int().min(1).max(65_535);

const serviceGroupInput = objectType(
  "InstanceServiceGroup",
  "A service group that is made with an instance and goes with its last one.",
  z.strictObject({
    name: field(idOrName().optional(), { description: "Name of the group. Default: made by the metro." }),
    ports: field(z.array(publishedPort).min(1), { description: "Published ports.", unordered: true }),
    domains: field(z.array(serviceDomain).min(1).optional(), {
      description: "Domain names. Default: one that the metro makes from the name.",
      unordered: true,
    }),
    softLimit: field(requestLimit.default(1), {
      description: "Requests or connections that one instance serves before the next one is woken. Default 1.",
    }),
    hardLimit: field(requestLimit.default(65_535), {
      description: "Requests or connections that one instance gets at most; more are refused. Default 65535.",
    }),
  }),
);

/** Inputs of an Instance. */
export const instanceInputs = z.strictObject({
  name: nameField("instance"),
  ...sourceFields(),
  ...workloadFields("never"),
  service: field(idOrName().optional(), {
    description: "Id or name of a service that exists, to serve in it. Default: none.",
    onChange: "replace",
  }),
  serviceGroup: field(serviceGroupInput.optional(), {
    description: "A service group of its own, in place of `service`.",
    onChange: "replace",
  }),
  autostart: field(z.boolean().default(true), {
    description: "Start it once it is made, and wait until it runs. Default true. A change has no effect.",
    onChange: "ignore",
  }),
  deleteLock: field(z.boolean().default(false), {
    description: "Refuse to delete it, whoever asks, until this is false again. Default false.",
  }),
  drainTimeoutMs: field(z.int().min(-1).max(MAX_DRAIN_MS).default(0), {
    description:
      "How long open connections may go on when it is stopped for a change or a deletion, in milliseconds up to 3,600,000; -1 is as long as the metro allows. Default 0.",
  }),
  adopt: adoptField("an instance"),
});

/** Checked inputs of an Instance. */
export type InstanceInputs = z.output<typeof instanceInputs>;

/** Would it be gone once it is stopped? */
export const deletedOnStop = ({ features }: Properties): boolean =>
  Array.isArray(features) && features.includes("delete-on-stop");
