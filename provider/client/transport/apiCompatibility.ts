/**
 * Metros run different releases. Rewrites requests that older nodes reject (HTTP 400) to the variant that they know, and selects
 * the paths and methods under which they offer an operation (HTTP 404 or 405). Pure. Decides by status, never by text.
 */
import type { CreateCertificateRequest, CreateInstanceRequest } from "../../contract/models";
import type { BodyOf, Method, PathTemplate, QueryOf, Route } from "../../contract/routes";

/** A request in any variant. */
export interface ApiRequest {
  readonly query?: object | undefined;
  readonly body?: unknown;
  /** Values of the parameters in the path. */
  readonly path?: Readonly<Record<string, string>> | undefined;
}

/** Variant of a request, which depends on the node's release. */
export interface RequestVariant {
  /** 0 for the route's own path and method, n for the n-th of its `olderEndpoints`. */
  readonly pathIndex: number;
  /** True for the older variant of query and body. */
  readonly isOlder: boolean;
}

/** The variant of the newest release. */
export const NEWEST_VARIANT: RequestVariant = { pathIndex: 0, isOlder: false };

/** Method and path of a route in a variant. */
export const resolveMethodAndPath = (
  route: Route,
  { pathIndex: path }: RequestVariant,
): { readonly method: Method; readonly path: PathTemplate } =>
  path === 0 ? route : (route.olderEndpoints?.[path - 1] ?? route);

/** Converts a request to a variant; returns it unchanged if it has no older variant. */
export function adaptRequest(
  name: string,
  request: ApiRequest,
  { pathIndex: path, isOlder }: RequestVariant,
): ApiRequest {
  if (name === "getImages" && path > 0)
    return toOlderGetImages(request, request.query as QueryOf<"getImages"> | undefined);
  return (isOlder ? toOlderRequest(name, request) : undefined) ?? request;
}

/** The variant to try after this one failed with an HTTP status; `undefined` if there is none. */
export function nextVariant(
  name: string,
  route: Route,
  request: ApiRequest,
  variant: RequestVariant,
  status: number,
): RequestVariant | undefined {
  if (status === 404 || status === 405) {
    return variant.pathIndex < (route.olderEndpoints?.length ?? 0)
      ? { ...variant, pathIndex: variant.pathIndex + 1 }
      : undefined;
  }
  if (status !== 400 || variant.isOlder) return undefined;
  return toOlderRequest(name, request) === undefined ? undefined : { ...variant, isOlder: true };
}

/** The request without members that older nodes do not know; `undefined` if it has none, or if it needs them. */
function toOlderRequest(name: string, request: ApiRequest): ApiRequest | undefined {
  switch (name) {
    case "createInstance":
      return withBody(request, toOlderCreateInstance(request.body as CreateInstanceRequest));
    case "patchInstances":
      return withBody(request, toOlderPatchInstances(request.body as BodyOf<"patchInstances">));
    case "deleteInstances":
      return withBody(request, toOlderDeleteInstances(request.body as BodyOf<"deleteInstances">));
    case "createCertificate":
      return withBody(request, toOlderCreateCertificate(request.body as CreateCertificateRequest));
    case "waitInstances":
      return toOlderWaitInstances(request, request.query as QueryOf<"waitInstances"> | undefined);
    default:
      return undefined;
  }
}

const withBody = (request: ApiRequest, body: unknown): ApiRequest | undefined =>
  body === undefined ? undefined : { ...request, body };

/** The reference of an image; `undefined` if it needs more. The pull policy can be dropped, credentials and headers cannot. */
function toImageReference(image: CreateInstanceRequest["image"]): string | undefined {
  if (image === undefined || typeof image === "string") return image;
  const { url, pull_policy: _optional, ...required } = image;
  return Object.keys(required).length === 0 ? url : undefined;
}

function toOlderCreateInstance(body: CreateInstanceRequest): CreateInstanceRequest | undefined {
  const images = [body.image, ...(body.roms ?? []).map(({ image }) => image)].filter((image) => image !== undefined);
  const isNewer = images.some((image) => typeof image !== "string");
  if (!isNewer || images.some((image) => toImageReference(image) === undefined)) return undefined;
  return {
    ...body,
    ...(body.image === undefined ? {} : { image: toImageReference(body.image) }),
    ...(body.roms === undefined
      ? {}
      : {
          roms: body.roms.map((rom) =>
            rom.image === undefined ? rom : { ...rom, image: toImageReference(rom.image) },
          ),
        }),
  };
}

function toOlderPatchInstances(changes: BodyOf<"patchInstances">): BodyOf<"patchInstances"> | undefined {
  // The type of a value depends on its property.
  const imageOf = ({ prop, value }: (typeof changes)[number]) =>
    prop === "image" ? (value as CreateInstanceRequest["image"]) : undefined;
  const newer = changes.map(imageOf).filter((image) => typeof image === "object");
  if (newer.length === 0 || newer.some((image) => toImageReference(image) === undefined)) return undefined;
  return changes.map((one) => (one.prop === "image" ? { ...one, value: toImageReference(imageOf(one)) } : one));
}

/** Drops the wait for the deletion: a caller that needs it has to poll. */
function toOlderDeleteInstances(items: BodyOf<"deleteInstances">): BodyOf<"deleteInstances"> | undefined {
  if (!items.some((item) => item.timeout_s !== undefined || item.dont_retain !== undefined)) return undefined;
  return items.map((item) => ("uuid" in item ? { uuid: item.uuid } : { name: item.name }));
}

function toOlderCreateCertificate({
  common_name,
  ...body
}: CreateCertificateRequest): CreateCertificateRequest | undefined {
  return common_name === undefined ? undefined : { ...body, cn: common_name };
}

/** The older endpoint takes its filters in the body. */
function toOlderGetImages(request: ApiRequest, { digest = [], tag = [] }: QueryOf<"getImages"> = {}): ApiRequest {
  const filters = [...digest.map((one) => ({ digest: one })), ...tag.map((one) => ({ tag: one }))];
  return { ...request, query: undefined, body: filters.length === 0 ? undefined : filters };
}

function toOlderWaitInstances(request: ApiRequest, query: QueryOf<"waitInstances"> = {}): ApiRequest | undefined {
  const { timeout_s, ...rest } = query;
  if (timeout_s === undefined) return undefined;
  const timeout_ms = timeout_s.map((seconds) => (seconds < 0 ? seconds : seconds * 1000));
  return { ...request, query: { ...rest, timeout_ms } };
}
