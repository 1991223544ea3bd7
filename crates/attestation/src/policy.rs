//! What an operator accepts. The default is the strict choice everywhere.

use std::collections::{BTreeMap, BTreeSet};

/// What evidence must show beyond being genuine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Policy {
    /// Accept TEEs in debug mode, whose memory their host can read. Default: no.
    pub debug_allowed: bool,
    /// Accept chains that end in an anchor made for simulated machines. Default: no.
    pub demo_allowed: bool,
    /// Reject evidence that answers no challenge. Default: no; the verdict says whether it is fresh.
    pub fresh_required: bool,
    /// Reject evidence that names no machine (VLEK, masked chip id). Default: no.
    pub identity_required: bool,
    /// Reject chains without a current CRL of each issuer. Default: yes. Where not required, a CRL that is
    /// there still counts. Arm tokens and Nitro documents know none.
    pub revocation_required: bool,
    /// Measurements that are accepted; none: any.
    pub measurements: Option<BTreeSet<Vec<u8>>>,
    /// Values that are accepted of registers, such as `pcr7` or `rtmr1`. Evidence without a register that is
    /// named here is rejected. Those of Azure's vTPM are the word of its paravisor: they need `measurements`.
    /// Default: any.
    pub registers: BTreeMap<String, BTreeSet<Vec<u8>>>,
    /// Machine identities (`amd-chip:...`) and Intel platforms (`intel-fmspc:...`) that are rejected, such as
    /// chips whose keys were extracted.
    pub blocked: BTreeSet<String>,
    /// Of AMD SEV-SNP.
    pub snp: SnpPolicy,
    /// Of Intel TDX and SGX.
    pub intel: IntelPolicy,
    /// Accept AWS Nitro documents: a statement of the cloud's hypervisor about itself. Default: no.
    pub nitro_accepted: bool,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            debug_allowed: false,
            demo_allowed: false,
            fresh_required: false,
            identity_required: false,
            revocation_required: true,
            measurements: None,
            registers: BTreeMap::new(),
            blocked: BTreeSet::new(),
            snp: SnpPolicy::default(),
            intel: IntelPolicy::default(),
            nitro_accepted: false,
        }
    }
}

/// What is asked of SEV-SNP reports.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SnpPolicy {
    /// Lowest reported TCB, component by component.
    pub tcb_min: SnpTcbMin,
    /// Highest privilege level a report may come from. Default 0; above it a report comes from a guest under
    /// an SVSM.
    pub vmpl_max: u8,
    /// Measurements of the SVSMs that are accepted above VMPL 0; none: any, up to `vmpl_max`.
    pub svsm_measurements: Option<BTreeSet<Vec<u8>>>,
    /// Accept reports signed by a VLEK, the key of a cloud instead of a chip. Default: yes; such a report
    /// names no machine.
    pub vlek_allowed: bool,
    /// Accept guests that a migration agent may read. Default: no.
    pub migration_agent_allowed: bool,
}

impl Default for SnpPolicy {
    fn default() -> Self {
        Self {
            tcb_min: SnpTcbMin::default(),
            vmpl_max: 0,
            svsm_measurements: None,
            vlek_allowed: true,
            migration_agent_allowed: false,
        }
    }
}

/// Lowest version of each component of the SNP firmware.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SnpTcbMin {
    /// FMC, on Turin and later only.
    pub fmc: u8,
    /// Boot loader.
    pub boot_loader: u8,
    /// PSP operating system.
    pub tee: u8,
    /// SNP firmware.
    pub snp: u8,
    /// Microcode.
    pub microcode: u8,
}

/// What is asked of TDX and SGX quotes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IntelPolicy {
    /// Statuses of a TCB level that are accepted, as Intel writes them. Default: `UpToDate` alone.
    pub tcb_statuses: BTreeSet<String>,
    /// Advisories that may apply to an accepted level; none: any that its status brings. Default: none may.
    pub advisories: Option<BTreeSet<String>>,
    /// Lowest evaluation number of TCB info and identities: older collateral is a downgrade.
    pub evaluation_number_min: u32,
    /// Accept TDs to which a service TD (a migration TD) is or may be bound. Default: no.
    pub service_td_allowed: bool,
    /// Accept TDs whose host can raise exceptions in them at pages they have not accepted (`SEPT_VE_DISABLE`
    /// not set), as under Azure's paravisor. Default: no.
    pub sept_ve_allowed: bool,
}

impl Default for IntelPolicy {
    fn default() -> Self {
        Self {
            tcb_statuses: BTreeSet::from(["UpToDate".to_owned()]),
            advisories: Some(BTreeSet::new()),
            evaluation_number_min: 0,
            service_td_allowed: false,
            sept_ve_allowed: false,
        }
    }
}
