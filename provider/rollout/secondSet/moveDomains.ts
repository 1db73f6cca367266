/**
 * Moves domains from one service group to another. No request moves a domain: one group releases it, then the other takes it, and new
 * connections fail in between. Both changes are in one request, in this order, so that nothing but the metro's own work lies between.
 */
import { type CallContext, callOptions } from "../../client/callContext";
import { allItems, onlyItem } from "../../client/client";
import type { BodyOf } from "../../contract/routes";
import type { DomainRequest } from "../../contract/models";

/** Domains, and where they go. */
export interface DomainMove {
  readonly domains: readonly DomainRequest[];
  readonly from: string;
  readonly to: string;
  /** Changes of domains before and after, in the same request. */
  readonly before?: BodyOf<"patchServices">;
  readonly after?: BodyOf<"patchServices">;
  /** Reverts {@link DomainMove.before}. */
  readonly undo?: BodyOf<"patchServices">;
  /** Subject of error messages. */
  readonly attempted: string;
}

/** A metro may take a moment to release a domain. 10 s in all. */
const RETRY_MS = 100;
const MAX_ATTEMPTS = 100;

/** One change of the domains of a group. */
export const domainChange = (
  uuid: string,
  op: "add" | "del",
  domains: readonly DomainRequest[],
): BodyOf<"patchServices">[number] => ({ uuid, prop: "domains", op, value: [...domains] });

/**
 * Moves the domains, and returns for how long they may have led nowhere at most: from the request to the answer that they have arrived.
 * Milliseconds. If they cannot be taken, or the answer is lost, they go back. Throws as the client does.
 */
export async function moveDomains(context: CallContext, move: DomainMove): Promise<number> {
  const { client, clock } = context;
  const { domains, from, to, before = [], after = [], undo = [], attempted } = move;
  const take = domainChange(to, "add", domains);
  const body = [...before, domainChange(from, "del", domains), take, ...after];
  const beganMs = clock.now();
  /** Whoever has lost them serves again. If this fails too, {@link returnDomains} repeats it. */
  const giveBack = async (): Promise<void> => {
    const returned = await client.patchServices({ body: [domainChange(from, "add", domains)] });
    const isBack = returned.items.every(({ status }) => status !== "error");
    if (isBack && undo.length > 0) await client.patchServices({ body: [...undo] });
  };
  const response = await client.patchServices({ body }, callOptions(context)).catch(async (error: unknown) => {
    // The metro may have carried out any of them. Domains that have arrived stay where they are: then this is rejected.
    await giveBack().catch(() => undefined);
    throw error;
  });
  const taken = response.items[before.length + 1];
  if (taken?.status !== "error") {
    allItems(response, attempted);
    return clock.now() - beganMs;
  }
  try {
    await takeOnceFree(context, take, attempted);
  } catch (error) {
    await giveBack().catch(() => undefined);
    throw error;
  }
  return clock.now() - beganMs;
}

async function takeOnceFree(
  context: CallContext,
  change: BodyOf<"patchServices">[number],
  attempted: string,
): Promise<void> {
  const { client, clock, signal } = context;
  for (let attempt = 1; ; attempt++) {
    const response = await client.patchServices({ body: [change] }, callOptions(context));
    // Which code a metro gives for a domain that was just released is not known.
    if (response.items[0]?.status !== "error" || attempt === MAX_ATTEMPTS) return void onlyItem(response, attempted);
    await clock.sleep(RETRY_MS, signal);
  }
}
