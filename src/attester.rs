//! `quorate-attester`: the authority of simulated machines.

use std::sync::Arc;

use napi::bindgen_prelude::{Buffer, Env, Object};
use napi_derive::napi;
use quorate_attestation::Evidence;
use quorate_attester::{AttesterError, DemoAuthority, SimulatedMachine, SimulatedTee};

use crate::attestation::{NativeAnchors, NativeCollateral};
use crate::failure::{HandleError, Outcome, guard, open};
use crate::run::NativeRun;

/// Makes an authority: its bytes, with its private keys.
#[napi(ts_return_type = "Promise<NativeFailure | Buffer>")]
pub fn demo_authority_create<'env>(
    env: &'env Env,
    handle: &NativeRun,
    time: f64,
) -> napi::Result<Object<'env>> {
    handle.spawn(env, 1, move |_| {
        DemoAuthority::create(time as u64).map(|authority| Buffer::from(authority.to_bytes()))
    })
}

/// Evidence of a simulated machine.
#[napi(object)]
pub struct NativeSimulatedEvidence {
    /// Its form.
    pub format: String,
    /// Its bytes.
    pub body: Buffer,
    /// Certificates that go beside it.
    pub certificates: Vec<Buffer>,
}

/// An authority.
#[napi]
pub struct NativeDemoAuthority {
    authority: DemoAuthority,
}

type Shared<T> = Result<T, HandleError<AttesterError>>;

#[napi]
impl NativeDemoAuthority {
    /// Reads the bytes that `demoAuthorityCreate` gave.
    #[napi]
    pub fn open(bytes: Buffer) -> Outcome<NativeDemoAuthority> {
        guard(|| DemoAuthority::from_bytes(&bytes).map(|authority| Self { authority }))
    }

    /// Trusts its roots, as those of simulated machines.
    #[napi]
    pub fn add_anchors(&self, anchors: &NativeAnchors) -> Outcome<()> {
        guard(|| {
            let unusable = |_| AttesterError::Authority { reason: "its roots are unusable" };
            let mut held = open::<_, AttesterError>(&anchors.held)?;
            Shared::Ok(self.authority.add_anchors(Arc::make_mut(&mut held)).map_err(unusable)?)
        })
    }

    /// Adds what its evidence is checked against, for 30 days.
    #[napi]
    pub fn add_collateral(&self, collateral: &NativeCollateral, time: f64) -> Outcome<()> {
        guard(|| {
            let mut held = open::<_, AttesterError>(&collateral.held)?;
            Shared::Ok(self.authority.add_collateral(Arc::make_mut(&mut held), time as u64)?)
        })
    }

    /// Evidence of a machine that answers a challenge.
    #[napi]
    pub fn evidence(
        &self,
        name: String,
        vendor: String,
        challenge: Buffer,
        time: f64,
    ) -> Outcome<NativeSimulatedEvidence> {
        guard(|| {
            let machine = machine(name, &vendor);
            self.authority.evidence(&machine, &challenge, time as u64).map(simulated)
        })
    }

    /// Trusts the key of one machine, as that of a simulated one; only Arm's need it.
    #[napi]
    pub fn endorse(&self, name: String, vendor: String, anchors: &NativeAnchors) -> Outcome<()> {
        guard(|| {
            let mut held = open::<_, AttesterError>(&anchors.held)?;
            Shared::Ok(self.authority.endorse(&machine(name, &vendor), Arc::make_mut(&mut held))?)
        })
    }
}

/// The facade passes known vendors only.
fn machine(name: String, vendor: &str) -> SimulatedMachine {
    let tee = SimulatedTee::ALL.into_iter().find(|tee| tee.vendor().name() == vendor);
    SimulatedMachine { name, tee: tee.unwrap_or(SimulatedTee::AmdSevSnp) }
}

fn simulated(evidence: Evidence) -> NativeSimulatedEvidence {
    let (format, body, certificates) = evidence.into_parts();
    let certificates = certificates.into_iter().map(Buffer::from).collect();
    NativeSimulatedEvidence { format: format.name().to_owned(), body: body.into(), certificates }
}
