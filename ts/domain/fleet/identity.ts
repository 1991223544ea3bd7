/**
 * Which physical machine a node is: an identity comes from verified evidence, and two nodes can share one.
 */
import * as parse from '../../parse.js';

/** A node and the machine that its evidence names. */
export interface MachineIdentity {
  readonly nodeId: string;
  /** Identity of the chip or platform, such as `amd-chip:...`; null where the evidence names none. */
  readonly identity: string | null;
}

/**
 * Nodes by physical machine. Nodes of one identity fall together and are one failure domain, whatever
 * networks they claim. A node without an identity (no evidence, a masked chip id, a cloud's key) is in no
 * domain: it may be any machine, so nothing can be said of it.
 */
export class FailureDomains {
  readonly #byIdentity = new Map<string, string[]>();
  readonly #identityOf = new Map<string, string>();

  /** Throws QRT_ERR_INPUT_INVALID for a node that occurs twice. */
  constructor(nodes: Iterable<MachineIdentity>) {
    if (typeof (nodes as Partial<Iterable<unknown>> | null)?.[Symbol.iterator] !== 'function')
      throw parse.invalid('nodes', 'a list of nodes', nodes);
    let at = 0;
    const seen = new Set<string>();
    for (const node of nodes) {
      const path = `nodes[${at++}]`;
      const { nodeId, identity } = parse.record(node, path);
      const id = parse.text(nodeId, `${path}.nodeId`);
      if (seen.has(id)) throw parse.invalid(`${path}.nodeId`, 'unique', id);
      seen.add(id);
      const machine = parse.optional(identity, null, (name) => parse.text(name, `${path}.identity`, 1024));
      if (machine === null) continue;
      this.#identityOf.set(id, machine);
      this.#byIdentity.set(machine, [...(this.#byIdentity.get(machine) ?? []), id]);
    }
  }

  /** The other nodes of the same machine, in the order in which they came. */
  sharing(nodeId: string): readonly string[] {
    const identity = this.#identityOf.get(nodeId);
    const nodes = identity === undefined ? [] : (this.#byIdentity.get(identity) ?? []);
    return nodes.filter((other) => other !== nodeId);
  }

  /** Machines that several nodes claim to be: identity and nodes. */
  shared(): { readonly identity: string; readonly nodeIds: readonly string[] }[] {
    return [...this.#byIdentity]
      .filter(([, nodeIds]) => nodeIds.length > 1)
      .map(([identity, nodeIds]) => ({ identity, nodeIds }));
  }

  /** How many physical machines are known. */
  get size(): number {
    return this.#byIdentity.size;
  }
}
