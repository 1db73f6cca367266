/**
 * Batched reads of single objects: reads of the same moment share one request, and many reads within a short time
 * cost one listing per page. A refresh of a large stack reads every object one by one; batching makes it cheap.
 *
 * For single reads, not for polling: a listing may be up to `LISTING_MAX_AGE_MS` old.
 */
import { type Clock, systemClock } from "../base/clock";
import { abortable } from "../base/timeout";
import type { Client } from "./client";
import { type BatchedRead, createBatchLoader } from "./batchLoader";
import type { CertificateItem, InstanceItem, ServiceItem, VolumeItem } from "../contract/models";

/** Looks up one object by its uuid; `undefined` only when the API said that it does not exist. Throws as the client does. */
export interface ObjectReader {
  /** An instance that is retained in state `deleted` counts as gone. */
  instance(uuid: string): Promise<InstanceItem | undefined>;
  service(uuid: string): Promise<ServiceItem | undefined>;
  volume(uuid: string): Promise<VolumeItem | undefined>;
  certificate(uuid: string): Promise<CertificateItem | undefined>;
}

/** The same reader for one caller, who stops waiting when the signal aborts; others may wait for the same request. */
export const withReadSignal = (reader: ObjectReader, signal: AbortSignal): ObjectReader => ({
  instance: (uuid) => abortable(reader.instance(uuid), signal),
  service: (uuid) => abortable(reader.service(uuid), signal),
  volume: (uuid) => abortable(reader.volume(uuid), signal),
  certificate: (uuid) => abortable(reader.certificate(uuid), signal),
});

/** Makes the reader of one client. */
export function createObjectReader(client: Client, clock: Clock = systemClock): ObjectReader {
  const context = { clock, changeCount: () => client.changeCount() };
  const instances: BatchedRead<InstanceItem> = createBatchLoader("instance", client.getInstances, context);
  const services: BatchedRead<ServiceItem> = createBatchLoader("service", client.getServices, context);
  const volumes: BatchedRead<VolumeItem> = createBatchLoader("volume", client.getVolumes, context);
  const certificates: BatchedRead<CertificateItem> = createBatchLoader("certificate", client.getCertificates, context);
  return {
    async instance(uuid) {
      const item = await instances(uuid);
      return item?.state === "deleted" ? undefined : item;
    },
    service: services,
    volume: volumes,
    certificate: certificates,
  };
}
