/** `quorate/placement`: which machines. Everything that is exported here is public; nothing else is. */
export * from './address-index.js';
export {
  ADDRESS_SERVICE_FAILED,
  ADDRESS_SERVICE_OPEN,
  type AddressService,
  type AddressServiceAnswer,
  type BreakerState,
  CircuitBreaker,
  type IpInfoOptions,
  IpInfoService,
  RateLimiter,
} from './address-service.js';
export {
  ALERT_SEVERITIES,
  ALERT_THRESHOLDS,
  type Alert,
  type AlertKind,
  type AlertSeverity,
  type ScoreThresholds,
} from './alerts.js';
export {
  CERTIFICATE_FAULTS,
  type CertificateFault,
  type CertificateSigner,
  type CertificateVerdict,
  type CertifiedMember,
  type CertifyOptions,
  certifyPlacement,
  type PlacementContent,
  type VerifyCertificateOptions,
  verifyPlacementCertificate,
} from './certificate.js';
export type { CheckpointOptions } from './checkpoints.js';
export { type ClassifierOptions, type ClassifyOptions, InfrastructureClassifier } from './classifier.js';
export {
  type Dashboard,
  DiversityDashboard,
  type DiversityMetrics,
  type HealthStatus,
  MONITORING_ACTIVE,
  type ServiceHealth,
  type ServiceSource,
} from './dashboard.js';
export type { Device, NetworkInfo } from './devices.js';
export type {
  ClassifiedProfile,
  DeviceProfile,
  Fact,
  PowerRegionFact,
  PowerZoneShare,
  Stated,
  TeeVendorFact,
} from './facts.js';
export { QUORUM_REQUIREMENTS, type QuorumRequirement } from './levels.js';
export {
  additiveEpsilon,
  type BuiltinProblem,
  builtinProblems,
  hypervolume,
  INTEGER_CROSSOVERS,
  INTEGER_MUTATIONS,
  igdPlus,
  nonDominatedSort,
  type OptimizationProblem,
  type OptimizeOptions,
  type OptimizeResult,
  optimize,
} from './optimize.js';
export { CandidatePool } from './pool.js';
export {
  type CandidateExplanation,
  type Candidates,
  type DiversityMeasures,
  type DomainFailure,
  type InfeasibilityCertificate,
  type Level,
  type MonitorOptions,
  type QuorumChange,
  QuorumManager,
  type QuorumRepair,
  type QuorumSelection,
  type QuorumValidation,
  type QuorumViolation,
  type SelectOptions,
} from './quorum-manager.js';
export {
  type FrontPoint,
  JOB_CLASSES,
  JOB_OBJECTIVES,
  type Job,
  type JobCertificate,
  type JobClass,
  type JobNode,
  type JobObjective,
  type JobObjectives,
  type JobRepair,
  JobScheduler,
  PLACEMENT_STRATEGIES,
  type PlacedJob,
  type PlacementStrategy,
  type ScheduleOptions,
  type SchedulePlan,
  type SchedulerStats,
  type UnplacedJob,
} from './scheduler.js';
export type { TopologyGroup } from './topology.js';
export {
  AXES,
  type Axis,
  POWER_REGIONS,
  type PowerRegion,
  QUORUM_LEVELS,
  type QuorumLevel,
  TEE_VENDORS,
  type TeeVendor,
  UNKNOWN,
} from './vocabulary.js';
