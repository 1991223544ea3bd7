//! What Intel says of a firmware level, and how statuses of several parts become one.
//!
//! Source: Intel PCS API v4, TCB info and enclave identity; Intel's quote verification library
//! (`TcbLevelCheck`, `TdxModuleCheck`, `TDRelaunchCheck`) for how statuses converge.

use serde::Deserialize;

/// Status of a level.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub enum TcbStatus {
    /// Nothing is known against it.
    UpToDate,
    /// Software must be hardened against an issue of the hardware.
    SWHardeningNeeded,
    /// The platform must be configured.
    ConfigurationNeeded,
    /// Both.
    ConfigurationAndSWHardeningNeeded,
    /// Newer firmware mends something.
    OutOfDate,
    /// Newer firmware mends something, and the platform must be configured.
    OutOfDateConfigurationNeeded,
    /// Its keys are not to be trusted.
    Revoked,
    /// The platform is no longer out of date, but the TD was launched when it was. Never stated by Intel:
    /// it follows from two levels.
    #[serde(skip)]
    TDRelaunchAdvised,
    /// As before, and the platform must be configured.
    #[serde(skip)]
    TDRelaunchAdvisedConfigurationNeeded,
}

impl TcbStatus {
    /// As Intel writes it.
    pub fn name(self) -> &'static str {
        match self {
            Self::UpToDate => "UpToDate",
            Self::SWHardeningNeeded => "SWHardeningNeeded",
            Self::ConfigurationNeeded => "ConfigurationNeeded",
            Self::ConfigurationAndSWHardeningNeeded => "ConfigurationAndSWHardeningNeeded",
            Self::OutOfDate => "OutOfDate",
            Self::OutOfDateConfigurationNeeded => "OutOfDateConfigurationNeeded",
            Self::Revoked => "Revoked",
            Self::TDRelaunchAdvised => "TDRelaunchAdvised",
            Self::TDRelaunchAdvisedConfigurationNeeded => "TDRelaunchAdvisedConfigurationNeeded",
        }
    }

    /// The status of a platform of which one part (TDX module, quoting enclave) has its own: the worse of the
    /// two.
    #[must_use]
    pub fn with_part(self, part: Self) -> Self {
        match (part, self) {
            (Self::UpToDate, _) => self,
            (Self::Revoked, _) | (_, Self::Revoked) => Self::Revoked,
            _ if self.configuration_needed() || part.configuration_needed() => {
                Self::OutOfDateConfigurationNeeded
            }
            _ => Self::OutOfDate,
        }
    }

    /// The status of a TD launched at this one on a platform that is at `now`: the worse of the two, but
    /// where only the TDX module was out of date and has been updated below the TD, a relaunch mends all.
    #[must_use]
    pub fn with_present(self, now: Self, module_at_launch: Self) -> Self {
        if now.out_of_date() {
            return self.with_part(now);
        }
        if !self.out_of_date() || self == Self::Revoked || module_at_launch != Self::OutOfDate {
            return self;
        }
        if self.configuration_needed() || now.configuration_needed() {
            Self::TDRelaunchAdvisedConfigurationNeeded
        } else {
            Self::TDRelaunchAdvised
        }
    }

    fn out_of_date(self) -> bool {
        matches!(self, Self::OutOfDate | Self::OutOfDateConfigurationNeeded | Self::Revoked)
    }

    fn configuration_needed(self) -> bool {
        matches!(
            self,
            Self::ConfigurationNeeded
                | Self::ConfigurationAndSWHardeningNeeded
                | Self::OutOfDateConfigurationNeeded
                | Self::TDRelaunchAdvisedConfigurationNeeded
        )
    }
}

#[cfg(test)]
mod tests {
    use super::TcbStatus::{self, *};

    const STATED: [TcbStatus; 7] = [
        UpToDate,
        SWHardeningNeeded,
        ConfigurationNeeded,
        ConfigurationAndSWHardeningNeeded,
        OutOfDate,
        OutOfDateConfigurationNeeded,
        Revoked,
    ];

    #[test]
    fn a_part_that_is_behind_pulls_the_platform_back_and_never_forward() {
        let behind = [
            OutOfDate,
            OutOfDate,
            OutOfDateConfigurationNeeded,
            OutOfDateConfigurationNeeded,
            OutOfDate,
            OutOfDateConfigurationNeeded,
            Revoked,
        ];
        for (status, expected) in STATED.into_iter().zip(behind) {
            assert_eq!(status.with_part(UpToDate), status);
            assert_eq!(status.with_part(OutOfDate), expected, "{status:?}");
            assert_eq!(status.with_part(Revoked), Revoked);
        }
    }

    #[test]
    fn a_relaunch_is_advised_only_where_it_mends_all() {
        assert_eq!(OutOfDate.with_present(UpToDate, OutOfDate), TDRelaunchAdvised);
        assert_eq!(OutOfDate.with_present(SWHardeningNeeded, OutOfDate), TDRelaunchAdvised);
        let configured = TDRelaunchAdvisedConfigurationNeeded;
        assert_eq!(OutOfDate.with_present(ConfigurationNeeded, OutOfDate), configured);
        assert_eq!(OutOfDateConfigurationNeeded.with_present(UpToDate, OutOfDate), configured);
        // The module was not to blame, or the platform is still behind.
        assert_eq!(OutOfDate.with_present(UpToDate, UpToDate), OutOfDate);
        assert_eq!(OutOfDate.with_present(OutOfDate, OutOfDate), OutOfDate);
        for status in STATED {
            assert_eq!(Revoked.with_present(status, OutOfDate), Revoked);
            assert_eq!(status.with_present(Revoked, OutOfDate), Revoked);
            let behind = if status.out_of_date() { status } else { UpToDate };
            assert_eq!(UpToDate.with_present(status, UpToDate), behind, "a module never moves back");
        }
    }
}
