/** Metadata of an object. Pulumi chooses the name, so that a replacement exists before what it replaces is deleted. Pure. */
import type * as k8s from "@pulumi/kubernetes";
import type * as pulumi from "@pulumi/pulumi";
import { labelsOf } from "./labels";

/** Where an object belongs. */
export interface ObjectOwner {
  /** Label of the component, unique in the namespace. */
  readonly instance: string;
  /** `undefined` for the namespace of the provider. */
  readonly namespace: pulumi.Input<string> | undefined;
}

/** Metadata of a part of a component. */
export const metadataOf = (
  { instance, namespace }: ObjectOwner,
  part: string,
  annotations?: { readonly [key: string]: pulumi.Input<string> },
): k8s.types.input.meta.v1.ObjectMeta => ({
  ...(namespace === undefined ? {} : { namespace }),
  labels: labelsOf(instance, part),
  ...(annotations === undefined || Object.keys(annotations).length === 0 ? {} : { annotations }),
});
