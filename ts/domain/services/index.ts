/**
 * `quorate/services`: services at their tier. Everything that is exported here is public; nothing else is.
 */
export type {
  CheckSample,
  Measurements,
  Objective,
  RequestSample,
  Violation,
  ViolationSeverity,
} from './compliance.js';
export { type CreditItem, type CreditNote, creditMicro } from './credits.js';
export {
  type ComplianceReport,
  EnhancedSLATierManager,
  type ProvisionRequest,
  type ProvisionResult,
  SERVICE_EXISTS,
  SERVICE_UNKNOWN,
  type Service,
  type ServiceEvent,
  TIER_UNKNOWN,
} from './tier-manager.js';
export { SLATier, TIERS, type Tier } from './tiers.js';
