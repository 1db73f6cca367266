/** Resolves the aliases (`*name`) of a document in one pass; the parser's own look-up walks the document for each. */
import * as yaml from "yaml";

/**
 * Nodes that a reader could meet by following aliases. A file of a few lines can stand for billions; Go's YAML parser, which the
 * vendor's tools use, refuses such files too ("document contains excessive aliasing").
 */
const MAX_EXPANDED_NODES = 200_000;

/** The node behind each alias, and the first alias that cannot be used. */
export interface ResolvedAliases {
  readonly targets: ReadonlyMap<yaml.Alias, yaml.Node>;
  readonly problem?: { readonly node: yaml.Node; readonly message: string };
}

/** Resolves every alias to the last node of that name before it. Recurses as deep as the document. */
export function resolveAliases(root: yaml.Node | null): ResolvedAliases {
  const targets = new Map<yaml.Alias, yaml.Node>();
  const anchors = new Map<string, yaml.Node>();
  /** Nodes below a node, aliases followed; only for nodes with an anchor. */
  const sizes = new Map<yaml.Node, number>();
  let problem: ResolvedAliases["problem"];
  const fail = (node: yaml.Node, message: string): number => {
    problem ??= { node, message };
    return 0;
  };
  const measureAlias = (alias: yaml.Alias): number => {
    const target = anchors.get(alias.source);
    if (target === undefined) return fail(alias, "no anchor with this name precedes it");
    const size = sizes.get(target);
    if (size === undefined) return fail(alias, "this alias stands for something that contains it");
    targets.set(alias, target);
    return size;
  };
  const measure = (node: unknown): number => {
    if (yaml.isPair(node)) return measure(node.key) + measure(node.value);
    if (!yaml.isNode(node)) return 0;
    if (yaml.isAlias(node)) return measureAlias(node);
    if (node.anchor !== undefined) anchors.set(node.anchor, node);
    let size = 1;
    if (yaml.isCollection(node)) for (const item of node.items) size += measure(item);
    if (size > MAX_EXPANDED_NODES) return fail(node, "its aliases expand to too many values");
    if (node.anchor !== undefined) sizes.set(node, size);
    return size;
  };
  measure(root);
  return problem === undefined ? { targets } : { targets, problem };
}
