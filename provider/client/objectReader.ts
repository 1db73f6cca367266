/**
 * Batched reads of single objects. Simultaneous reads share one request, and a burst of reads is served from a listing, one
 * request per page. This makes a refresh of a large stack cheap, which reads every object on its own.
 *
 * Not for polling: a listing may be up to `LISTING_MAX_AGE_MS` old.
 */
import { type Clock, systemClock } from "../base/clock";
import { abortable } from "../base/timeout";
import type { Client } from "./client";
import { type BatchedRead, createBatchLoader } from "./batchLoader";
import type { CertificateItem, InstanceItem, ServiceItem, VolumeItem } from "../contract/models";

/** Reads an object by uuid; `undefined` only if the API reports that it does not exist. Throws the client's errors. */
export interface ObjectReader {
  /** `undefined` also for an instance that is retained in state `deleted`. */
  instance(uuid: string): Promise<InstanceItem | undefined>;
  service(uuid: string): Promise<ServiceItem | undefined>;
  volume(uuid: string): Promise<VolumeItem | undefined>;
  certificate(uuid: string): Promise<CertificateItem | undefined>;
}

/** The same reader with a signal that ends the caller's wait. The request continues, since other callers may share it. */
export const withReadSignal = (reader: ObjectReader, signal: AbortSignal): ObjectReader => ({
  instance: (uuid) => abortable(reader.instance(uuid), signal),
  service: (uuid) => abortable(reader.service(uuid), signal),
  volume: (uuid) => abortable(reader.volume(uuid), signal),
  certificate: (uuid) => abortable(reader.certificate(uuid), signal),
});

/** Creates a reader on top of a client. */
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
