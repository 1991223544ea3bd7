import { FailureDomains } from 'quorate/fleet';
import { describe, expect, it } from 'vitest';
import { refusal } from '../support/errors.js';

const node = (nodeId: string, identity: string | null) => ({ nodeId, identity });

describe('failure domains', () => {
  it('two nodes with one chip id are one domain; a node without an identity is in none', () => {
    const domains = new FailureDomains([
      node('a', 'amd-chip:1'),
      node('b', 'amd-chip:2'),
      node('c', 'amd-chip:1'),
      node('d', null),
      node('e', null),
    ]);
    expect(domains.size).toBe(2);
    expect(domains.sharing('a')).toEqual(['c']);
    expect(domains.sharing('b')).toEqual([]);
    expect(domains.sharing('d')).toEqual([]);
    expect(domains.shared()).toEqual([{ identity: 'amd-chip:1', nodeIds: ['a', 'c'] }]);
  });

  it('refuses a node that occurs twice, naming it', async () => {
    const error = await refusal(() => new FailureDomains([node('a', null), node('a', 'amd-chip:1')]));
    expect(error).toMatchObject({ code: 'QRT_ERR_INPUT_INVALID', details: { field: 'nodes[1].nodeId' } });
  });
});
