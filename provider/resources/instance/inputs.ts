/** Inputs of an Instance: the workload inputs and its own. Pure. */
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
  "A service group that is created with an instance and deleted with its last instance.",
  z.strictObject({
    name: field(idOrName().optional(), { description: "Name of the group. Default: chosen by the metro." }),
    ports: field(z.array(publishedPort).min(1), { description: "Published ports.", unordered: true }),
    domains: field(z.array(serviceDomain).min(1).optional(), {
      description: "Domain names. Default: one that the metro derives from the name.",
      unordered: true,
    }),
    softLimit: field(requestLimit.default(1), {
      description:
        "Requests or connections in flight per instance before another instance is woken, 1 to 65,535. Default 1.",
    }),
    hardLimit: field(requestLimit.default(65_535), {
      description:
        "Maximum requests or connections in flight per instance, 1 to 65,535; more are rejected. At least `softLimit`. Default 65,535.",
    }),
  }),
);

/** Inputs of an Instance. */
export const instanceInputs = z.strictObject({
  name: nameField("instance"),
  ...sourceFields(),
  ...workloadFields("never"),
  service: field(idOrName().optional(), {
    description: "Id or name of an existing service to join. Default: none.",
    onChange: "replace",
  }),
  serviceGroup: field(serviceGroupInput.optional(), {
    description: "Creates a service group for the instance, instead of `service`. Default: none.",
    onChange: "replace",
  }),
  autostart: field(z.boolean().default(true), {
    description: "Start the instance at creation and wait until it runs. A later change has no effect. Default true.",
    onChange: "ignore",
  }),
  deleteLock: field(z.boolean().default(false), {
    description: "Reject every deletion until this is set to false. Default false.",
  }),
  drainTimeoutMs: field(z.int().min(-1).max(MAX_DRAIN_MS).default(0), {
    description:
      "How long open connections may take to finish before the instance is stopped for a change or deletion, in milliseconds, 0 to 3,600,000; -1: as long as the metro allows. Default 0.",
  }),
  adopt: adoptField("an instance"),
});

/** Checked inputs of an Instance. */
export type InstanceInputs = z.output<typeof instanceInputs>;

/** True if stopping the instance deletes it. */
export const deletedOnStop = ({ features }: Properties): boolean =>
  Array.isArray(features) && features.includes("delete-on-stop");
