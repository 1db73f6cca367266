/** Lists the tags of a repository. Source: OCI distribution-spec 1.1, "Listing Tags". */
import * as z from "zod";
import { malformedError } from "../errors";
import type { HttpResponse } from "../http";
import type { RegistrySession } from "../session";

/** A registry that always names another page must not keep the program busy forever. */
const MAX_PAGES = 1_000;

const tagList = z.object({ tags: z.array(z.string()).nullish() });

/** All tags of a repository; none if it does not exist. */
export async function listTags(session: RegistrySession, repository: string): Promise<readonly string[]> {
  const request = { registry: session.registry, subject: `the tags of '${repository}'` };
  const tags = new Set<string>();
  let next: string | undefined = `${repository}/tags/list`;
  for (let page = 0; next !== undefined && page < MAX_PAGES; page++) {
    const { response, bytes }: { response: HttpResponse; bytes: Buffer } = await session.fetchDocument(request, {
      method: "GET",
      path: next,
      repository,
      scopes: [`repository:${repository}:pull`],
      expect: [200, 404],
    });
    if (response.status === 404) break;
    const parsed = tagList.safeParse(parseJson(bytes));
    if (!parsed.success) throw malformedError(request, "no list of tags", response);
    const before = tags.size;
    for (const tag of parsed.data.tags ?? []) tags.add(tag);
    next = tags.size > before ? nextPage(response) : undefined;
  }
  return [...tags];
}

/** The path of the next page that a `Link` header names, on the same registry only. */
function nextPage(response: HttpResponse): string | undefined {
  const target = /<([^<>]*)>\s*;\s*rel="?next"?/.exec(response.header("link") ?? "")?.[1];
  const url = target === undefined ? null : URL.parse(target, response.url.href);
  if (url === null || url.host !== response.url.host || !url.pathname.startsWith("/v2/")) return undefined;
  return url.pathname.slice("/v2/".length) + url.search;
}

function parseJson(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString("utf8"));
  } catch {
    return undefined;
  }
}
