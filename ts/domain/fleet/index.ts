/** `quorate/fleet`: which machine a node is, by evidence. */
export { FailureDomains, type MachineIdentity } from './identity.js';
