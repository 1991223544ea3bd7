//! The four resources that are hard constraints.

/// How many resources there are.
pub const RESOURCES: usize = 4;

/// The largest amount of one resource that one node may have, and one job may ask for.
///
/// 2^30 thousandths of a core are a million cores; the sum of two amounts still fits 32 bits.
pub const RESOURCE_MAX: u32 = 1 << 30;

/// The whole of one GPU, in thousandths.
pub const MILLI_PER_GPU: u16 = 1_000;

/// The most GPUs that one node may have.
pub const GPUS_PER_NODE_MAX: usize = 16;

/// A resource that a job asks for and a node has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Resource {
    /// Processor time, in thousandths of a core.
    Cpu,
    /// Memory, in MiB.
    Memory,
    /// Disk, in GiB.
    Disk,
    /// GPUs, in thousandths of one device. A job asks for a share of each of some devices, so a node may lack
    /// room for it although its free shares sum up to more.
    Gpu,
}

impl Resource {
    /// All of them, in the order of every array that is indexed by resource.
    pub const ALL: [Self; RESOURCES] = [Self::Cpu, Self::Memory, Self::Disk, Self::Gpu];

    /// The public name: `cpuMilli`, `memoryMib`, `diskGib`, `gpuMilli`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Cpu => "cpuMilli",
            Self::Memory => "memoryMib",
            Self::Disk => "diskGib",
            Self::Gpu => "gpuMilli",
        }
    }
}

/// Amounts of the four resources, in the units and the order of [`Resource::ALL`].
pub type Amounts = [u32; RESOURCES];

/// Whether `need` is within `free` for every resource.
#[inline]
pub(crate) fn within(need: &Amounts, free: &Amounts) -> bool {
    // Not short-circuit: four compares without a branch are one vector instruction or two.
    (need[0] <= free[0]) & (need[1] <= free[1]) & (need[2] <= free[2]) & (need[3] <= free[3])
}
