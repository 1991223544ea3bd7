//! `quorate-placement`: jobs onto nodes.

use std::num::NonZeroU32;

use napi::bindgen_prelude::{
    Env, Float64Array, Int32Array, Int32ArraySlice, Object, Uint8Array, Uint8ArraySlice, Uint16ArraySlice,
    Uint32Array, Uint32ArraySlice,
};
use napi_derive::napi;
use quorate_placement::{
    ANY_NODE, Certificate, Choice, Error, Fleet, FleetColumns, Instance, JobClass, Jobs, JobsColumns,
    OBJECTIVES, Objective, Plan, Reason, Repair, Run, Settings, Shortage, Strategy, Unplaced,
};
use quorate_types::FieldPath;

use crate::run::NativeRun;

/// Names of the objectives, in the order of every array indexed by objective.
// Not guarded: it copies a constant table.
#[napi]
pub fn job_objectives() -> Vec<String> {
    Objective::ALL.iter().map(|objective| objective.name().to_owned()).collect()
}

/// A request or a capacity as one number: thousandths of a billing unit.
// Not guarded: products of 32 bits in 64 cannot overflow.
#[napi]
pub fn billing_unit_milli(cpu_milli: u32, memory_mib: u32, disk_gib: u32, gpu_milli: u32) -> f64 {
    quorate_placement::billing_unit_milli(&[cpu_milli, memory_mib, disk_gib, gpu_milli]) as f64
}

/// Nodes in columns; see `FleetColumns` of the crate.
#[napi(object)]
pub struct NativeFleetColumns<'a> {
    /// Thousandths of a core.
    pub cpu_milli: Uint32ArraySlice<'a>,
    /// MiB.
    pub memory_mib: Uint32ArraySlice<'a>,
    /// GiB.
    pub disk_gib: Uint32ArraySlice<'a>,
    /// Devices.
    pub gpu_count: Uint8ArraySlice<'a>,
    /// Number of the devices' model.
    pub gpu_model: Uint8ArraySlice<'a>,
    /// Load that is there already.
    pub cpu_used_milli: Uint32ArraySlice<'a>,
    /// Load that is there already.
    pub memory_used_mib: Uint32ArraySlice<'a>,
    /// Load that is there already.
    pub disk_used_gib: Uint32ArraySlice<'a>,
    /// Microseconds.
    pub latency_us: Uint32ArraySlice<'a>,
    /// Basis points.
    pub trust: Uint16ArraySlice<'a>,
    /// Micro-units per billing unit and hour.
    pub cost_micro: Uint32ArraySlice<'a>,
    /// Micro-units per billing unit and hour.
    pub price_micro: Uint32ArraySlice<'a>,
}

impl From<NativeFleetColumns<'_>> for FleetColumns {
    fn from(given: NativeFleetColumns<'_>) -> Self {
        Self {
            cpu_milli: given.cpu_milli.to_vec(),
            memory_mib: given.memory_mib.to_vec(),
            disk_gib: given.disk_gib.to_vec(),
            gpu_count: given.gpu_count.to_vec(),
            gpu_model: given.gpu_model.to_vec(),
            cpu_used_milli: given.cpu_used_milli.to_vec(),
            memory_used_mib: given.memory_used_mib.to_vec(),
            disk_used_gib: given.disk_used_gib.to_vec(),
            gpu_used_milli: Vec::new(),
            latency_us: given.latency_us.to_vec(),
            trust: given.trust.to_vec(),
            cost_micro: given.cost_micro.to_vec(),
            price_micro: given.price_micro.to_vec(),
        }
    }
}

/// Jobs in columns; see `JobsColumns` of the crate.
#[napi(object)]
pub struct NativeJobsColumns<'a> {
    /// Thousandths of a core.
    pub cpu_milli: Uint32ArraySlice<'a>,
    /// MiB.
    pub memory_mib: Uint32ArraySlice<'a>,
    /// GiB.
    pub disk_gib: Uint32ArraySlice<'a>,
    /// Devices.
    pub gpu_count: Uint8ArraySlice<'a>,
    /// Thousandths of each device.
    pub gpu_milli: Uint16ArraySlice<'a>,
    /// 0, 1, 2 for S, A, B.
    pub class: Uint8ArraySlice<'a>,
    /// Seconds.
    pub duration_s: Uint32ArraySlice<'a>,
    /// Bit per accepted GPU model, low 32; 0 accepts every node.
    pub gpu_models: Uint32ArraySlice<'a>,
    /// Number of the node set plus one; 0: any node.
    pub node_set: Uint32ArraySlice<'a>,
    /// Indexes of nodes.
    pub node_sets: Vec<Uint32ArraySlice<'a>>,
}

fn class_of((job, &class): (usize, &u8)) -> Result<JobClass, Error> {
    JobClass::ALL.get(usize::from(class)).copied().ok_or_else(|| Error::OutOfRange {
        field: FieldPath::new("jobs").index(job).field("class"),
        found: u64::from(class),
        min: 0,
        max: JobClass::ALL.len() as u64 - 1,
    })
}

impl TryFrom<NativeJobsColumns<'_>> for JobsColumns {
    type Error = Error;

    fn try_from(given: NativeJobsColumns<'_>) -> Result<Self, Error> {
        Ok(Self {
            cpu_milli: given.cpu_milli.to_vec(),
            memory_mib: given.memory_mib.to_vec(),
            disk_gib: given.disk_gib.to_vec(),
            gpu_count: given.gpu_count.to_vec(),
            gpu_milli: given.gpu_milli.to_vec(),
            class: given.class.iter().enumerate().map(class_of).collect::<Result<_, _>>()?,
            duration_s: given.duration_s.to_vec(),
            gpu_models: given.gpu_models.iter().map(|&bits| u64::from(bits)).collect(),
            node_set: given.node_set.iter().map(|&set| set.checked_sub(1).unwrap_or(ANY_NODE)).collect(),
            node_sets: given.node_sets.iter().map(|set| set.to_vec()).collect(),
        })
    }
}

/// How a plan is to be made.
#[napi(object, use_nullable = true)]
pub struct NativeScheduleSettings {
    /// `nsga_ii`, `latency`, `load_balance`, `trust`, `cost` or `round_robin`.
    pub strategy: String,
    /// Individuals.
    pub population: u32,
    /// Generations.
    pub generations: u32,
    /// Probability.
    pub crossover: f64,
    /// Probability.
    pub mutation: f64,
    /// Seed of all random numbers.
    pub seed: f64,
    /// Weight per objective; null chooses the knee.
    pub weights: Option<Vec<f64>>,
}

fn strategy_of(name: &str) -> Result<Strategy, Error> {
    Strategy::ALL.into_iter().find(|strategy| strategy.name() == name).ok_or_else(|| {
        let known = Strategy::ALL.map(Strategy::name).join(", ");
        Error::Settings { field: FieldPath::new("strategy"), reason: format!("use one of {known}") }
    })
}

fn choice_of(weights: Option<&[f64]>) -> Result<Choice, Error> {
    let Some(weights) = weights else { return Ok(Choice::Knee) };
    <[f64; OBJECTIVES]>::try_from(weights).map(Choice::Weights).map_err(|_| Error::ColumnLength {
        field: FieldPath::new("weights"),
        expected: OBJECTIVES,
        found: weights.len(),
    })
}

impl TryFrom<&NativeScheduleSettings> for Settings {
    type Error = Error;

    fn try_from(given: &NativeScheduleSettings) -> Result<Self, Error> {
        Ok(Self {
            strategy: strategy_of(&given.strategy)?,
            population: given.population as usize,
            generations: given.generations,
            crossover: given.crossover,
            mutation: given.mutation,
            seed: given.seed as u64,
            parallel: true,
            choice: choice_of(given.weights.as_deref())?,
        })
    }
}

/// What was decided, and why. Jobs and nodes are indexes.
#[napi(object)]
pub struct NativePlan {
    /// The node of each job; -1: none.
    pub assignment: Int32Array,
    /// Jobs without a node.
    pub unplaced: Vec<NativeUnplaced>,
    /// Proofs that not all jobs can be placed.
    pub certificates: Vec<NativeJobCertificate>,
    /// Objectives of each point of the front, row-major.
    pub points: Float64Array,
    /// The node of each job at each point, row-major; 2^32 - 1: none.
    pub assignments: Uint32Array,
    /// Index of the chosen point.
    pub chosen: u32,
    /// `knee` or `weights`.
    pub choice: String,
    /// Point where each objective is best.
    pub best: Vec<u32>,
    /// Point where each objective is worst.
    pub worst: Vec<u32>,
    /// What each placed job adds to each objective, row-major, in the order of the jobs.
    pub contributions: Float64Array,
    /// Place of its node in each objective's order of all nodes, row-major.
    pub places: Uint32Array,
    /// Generations bred.
    pub generations: u32,
    /// Placements evaluated.
    pub evaluations: f64,
    /// Whether generation 0 had all jobs placed.
    pub feasible_at_start: bool,
}

impl From<Plan> for NativePlan {
    fn from(plan: Plan) -> Self {
        let explained = &plan.explanations;
        let contributions: Vec<f64> = explained.iter().flat_map(|entry| entry.contributions).collect();
        let places: Vec<u32> = explained.iter().flat_map(|entry| entry.places).collect();
        Self {
            assignment: nodes_of(&plan.assignment),
            unplaced: plan.unplaced.iter().map(NativeUnplaced::from).collect(),
            certificates: plan.certificates.iter().map(NativeJobCertificate::from).collect(),
            points: plan.front.points.iter().flatten().copied().collect::<Vec<f64>>().into(),
            chosen: plan.chosen as u32,
            choice: plan.choice.name().to_owned(),
            best: plan.extremes.iter().map(|extreme| extreme.best as u32).collect(),
            worst: plan.extremes.iter().map(|extreme| extreme.worst as u32).collect(),
            contributions: contributions.into(),
            places: places.into(),
            generations: plan.statistics.generations,
            evaluations: plan.statistics.evaluations as f64,
            feasible_at_start: plan.statistics.feasible_at_start,
            assignments: plan.front.assignments.into(),
        }
    }
}

fn nodes_of(assignment: &[Option<u32>]) -> Int32Array {
    assignment.iter().map(|node| node.map_or(-1, |node| node as i32)).collect::<Vec<i32>>().into()
}

/// A job without a node.
#[napi(object, use_nullable = true)]
pub struct NativeUnplaced {
    /// The job.
    pub job: u32,
    /// `no_node_allowed`, `too_large`, `not_together` or `no_room`.
    pub kind: String,
    /// The resource that is short.
    pub resource: Option<String>,
    /// What the job asks for.
    pub requested: u32,
    /// The most that one node offers.
    pub largest_free: u32,
    /// Nodes that may take the job, room aside.
    pub nodes_allowed: u32,
    /// How many of these have not enough.
    pub nodes_lacking: u32,
}

impl From<&Unplaced> for NativeUnplaced {
    fn from(found: &Unplaced) -> Self {
        Self::new(found.job, &found.reason)
    }
}

impl NativeUnplaced {
    fn new(job: u32, reason: &Reason) -> Self {
        let (kind, short): (&str, Option<&Shortage>) = match reason {
            Reason::NoNodeAllowed => ("no_node_allowed", None),
            Reason::TooLarge(short) => ("too_large", Some(short)),
            Reason::NotTogether(short) => ("not_together", Some(short)),
            Reason::NoRoom(short) => ("no_room", Some(short)),
        };
        Self {
            job,
            kind: kind.to_owned(),
            resource: short.map(|short| short.resource.name().to_owned()),
            requested: short.map_or(0, |short| short.requested),
            largest_free: short.map_or(0, |short| short.largest_free),
            nodes_allowed: short.map_or(0, |short| short.nodes_allowed),
            nodes_lacking: short.map_or(0, |short| short.nodes_lacking),
        }
    }
}

/// A proof that not all jobs can be placed.
#[napi(object, use_nullable = true)]
pub struct NativeJobCertificate {
    /// `job_fits_no_node`, `demand_exceeds_capacity`, `too_many_large_jobs` or `jobs_exclude_each_other`.
    pub kind: String,
    /// The job that fits no node, with what it lacks.
    pub job: Option<NativeUnplaced>,
    /// The resource that is scarce.
    pub resource: Option<String>,
    /// What is asked for.
    pub need: f64,
    /// What there is.
    pub have: f64,
    /// Amount that each of the counted jobs asks for at least.
    pub at_least: u32,
    /// The jobs that exclude each other.
    pub jobs: Vec<u32>,
    /// All nodes that may take any of these.
    pub nodes: Vec<u32>,
}

impl NativeJobCertificate {
    fn of(kind: &str, resource: Option<&str>) -> Self {
        Self {
            kind: kind.to_owned(),
            job: None,
            resource: resource.map(str::to_owned),
            need: 0.0,
            have: 0.0,
            at_least: 0,
            jobs: Vec::new(),
            nodes: Vec::new(),
        }
    }
}

impl From<&Certificate> for NativeJobCertificate {
    fn from(found: &Certificate) -> Self {
        match found {
            Certificate::JobFitsNoNode { job, reason } => {
                Self { job: Some(NativeUnplaced::new(*job, reason)), ..Self::of("job_fits_no_node", None) }
            }
            Certificate::DemandExceedsCapacity { resource, need, have, .. } => {
                let known = Self::of("demand_exceeds_capacity", Some(resource.name()));
                Self { need: *need as f64, have: *have as f64, ..known }
            }
            Certificate::TooManyLargeJobs { resource, at_least, need, have, .. } => {
                let known = Self::of("too_many_large_jobs", Some(resource.name()));
                Self { need: *need as f64, have: *have as f64, at_least: *at_least, ..known }
            }
            Certificate::JobsExcludeEachOther { jobs, nodes, resource } => {
                let known = Self::of("jobs_exclude_each_other", Some(resource.name()));
                Self { jobs: jobs.clone(), nodes: nodes.clone(), ..known }
            }
        }
    }
}

/// How far a run came.
#[napi(object, use_nullable = true)]
pub struct NativeScheduled {
    /// Where it paused; null where it never does, and for a strategy without generations.
    pub checkpoint: Option<Uint8Array>,
    /// Null where the run pauses before its end.
    pub plan: Option<NativePlan>,
}

/// Where a run begins and how far it goes.
#[napi(object, use_nullable = true)]
pub struct NativeLeg<'a> {
    /// What an earlier leg ended with; null begins anew.
    pub checkpoint: Option<Uint8ArraySlice<'a>>,
    /// Pauses at the next generation that this divides; null goes to the end.
    pub pause: Option<u32>,
}

/// Places jobs on nodes.
#[napi(ts_return_type = "Promise<NativeFailure | NativeScheduled>")]
pub fn schedule_jobs<'env>(
    env: &'env Env,
    handle: &NativeRun,
    threads: u32,
    nodes: NativeFleetColumns,
    jobs: NativeJobsColumns,
    settings: NativeScheduleSettings,
    leg: NativeLeg,
) -> napi::Result<Object<'env>> {
    // Copied: JavaScript may write to its arrays while the run goes on.
    let (nodes, jobs) = (FleetColumns::from(nodes), JobsColumns::try_from(jobs));
    let (checkpoint, pause) = (leg.checkpoint.map(|bytes| bytes.to_vec()), leg.pause);
    handle.spawn(env, threads, move |control| {
        let (fleet, jobs) = (Fleet::new(nodes)?, Jobs::new(jobs?)?);
        let instance = Instance::new(&fleet, &jobs, control)?;
        let settings = Settings::try_from(&settings)?;
        let run = match &checkpoint {
            Some(bytes) => Run::resume(&instance, settings, bytes, control)?,
            None => Run::new(&instance, settings, control)?,
        };
        run_leg(run, pause.and_then(NonZeroU32::new))
    })
}

fn run_leg(mut run: Run<'_>, pause: Option<NonZeroU32>) -> Result<NativeScheduled, Error> {
    let next = pause.map(|every| (run.generation() / every + 1).saturating_mul(every.get()));
    run.run_to(next.unwrap_or(u32::MAX))?;
    let pauses = next.is_some_and(|next| run.generation() == next);
    Ok(NativeScheduled {
        checkpoint: if pauses { Some(run.checkpoint()?.into()) } else { None },
        plan: if run.finished() { Some(run.plan()?.into()) } else { None },
    })
}

/// A restored placement.
#[napi(object)]
pub struct NativeJobRepair {
    /// The node of each job; -1: none.
    pub assignment: Int32Array,
    /// Jobs whose node changed.
    pub moved: Vec<u32>,
    /// Moves that no repair can do without.
    pub moves_lower_bound: u32,
    /// Jobs that found no new node.
    pub unplaced: Vec<NativeUnplaced>,
}

impl From<Repair> for NativeJobRepair {
    fn from(found: Repair) -> Self {
        Self {
            assignment: nodes_of(&found.assignment),
            moved: found.moves.iter().map(|moved| moved.job).collect(),
            moves_lower_bound: found.moves_lower_bound as u32,
            unplaced: found.unplaced.iter().map(NativeUnplaced::from).collect(),
        }
    }
}

/// Places the jobs of lost nodes anew and leaves all others where they are.
#[napi(ts_return_type = "Promise<NativeFailure | NativeJobRepair>")]
pub fn repair_jobs<'env>(
    env: &'env Env,
    handle: &NativeRun,
    nodes: NativeFleetColumns,
    jobs: NativeJobsColumns,
    assignment: Int32ArraySlice,
    lost: Uint32ArraySlice,
) -> napi::Result<Object<'env>> {
    let (nodes, jobs) = (FleetColumns::from(nodes), JobsColumns::try_from(jobs));
    let before: Vec<Option<u32>> = assignment.iter().map(|&node| u32::try_from(node).ok()).collect();
    let lost = lost.to_vec();
    // A repair goes from job to job on one thread of the pool that is there anyway.
    handle.spawn(env, 0, move |control| {
        let (fleet, jobs) = (Fleet::new(nodes)?, Jobs::new(jobs?)?);
        quorate_placement::repair(&fleet, &jobs, &before, &lost, control).map(NativeJobRepair::from)
    })
}
