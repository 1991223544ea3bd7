//! What a quote is about: an enclave (SGX) or a trust domain (TDX), as its processor describes it. Both are
//! fixed layouts, little-endian.
//!
//! Source: Intel SGX ECDSA QuoteGenReference, appendix A (enclave report body); Intel TDX DCAP quoting
//! library API, appendix A.3 (TD quote bodies 1.0 and 1.5).

use crate::bytes::Bytes;
use crate::fields::Field;
use crate::intel::attributes::TdAttributes;
use crate::verdict::{Register, Rejection};

/// Size of an enclave's report.
pub const ENCLAVE_REPORT_BYTES: usize = 384;
/// Size of the body for TDX 1.0.
pub const TD_10_BYTES: usize = 584;
/// Size of the body for TDX 1.5.
pub const TD_15_BYTES: usize = 648;

/// Bit of an enclave's attributes that lets a debugger read it.
const ENCLAVE_DEBUG: u8 = 1 << 1;

/// The body of a quote.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Body {
    /// An SGX enclave.
    Enclave(Box<EnclaveReport>),
    /// A TDX trust domain.
    Td(Box<TdReport>),
}

impl Body {
    /// The 64 bytes that the guest bound into the quote.
    pub fn report_data(&self) -> &[u8; 64] {
        match self {
            Self::Enclave(report) => &report.report_data,
            Self::Td(report) => &report.report_data,
        }
    }

    /// The registers that a TD extends at run time; an enclave has none.
    pub(crate) fn registers(&self) -> Vec<Register> {
        match self {
            Self::Enclave(_) => Vec::new(),
            Self::Td(report) => {
                let named = report.rtmr.iter().enumerate();
                named
                    .map(|(number, value)| Register { name: format!("rtmr{number}"), value: value.to_vec() })
                    .collect()
            }
        }
    }

    /// Every field, readable.
    pub fn fields(&self) -> Vec<Field> {
        match self {
            Self::Enclave(report) => report.fields("enclave"),
            Self::Td(report) => report.fields(),
        }
    }
}

/// The report of an SGX enclave: the one a quote is about, or the quoting enclave itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EnclaveReport {
    /// Security versions of the processor, opaque.
    pub cpu_svn: [u8; 16],
    /// Which extended state is saved at an exit.
    pub misc_select: [u8; 4],
    /// Extended product id.
    pub isv_ext_prod_id: [u8; 16],
    /// Attributes and, in the upper half, the XFRM mask.
    pub attributes: [u8; 16],
    /// Measurement of the enclave.
    pub mr_enclave: [u8; 32],
    /// Hash of the key that signed the enclave.
    pub mr_signer: [u8; 32],
    /// Chosen by whoever starts the enclave.
    pub config_id: [u8; 64],
    /// Product, by the signer's own count.
    pub isv_prod_id: u16,
    /// Security version, by the signer's own count.
    pub isv_svn: u16,
    /// Security version of the configuration.
    pub config_svn: u16,
    /// Family of products.
    pub isv_family_id: [u8; 16],
    /// Bound by the enclave.
    pub report_data: [u8; 64],
}

impl EnclaveReport {
    pub(crate) fn read(from: &mut Bytes<'_>) -> Result<Self, Rejection> {
        let (cpu_svn, misc_select) = (from.array()?, from.array()?);
        from.take(12)?;
        let isv_ext_prod_id = from.array()?;
        let (attributes, mr_enclave) = (from.array()?, from.array()?);
        from.take(32)?;
        let mr_signer = from.array()?;
        from.take(32)?;
        let config_id = from.array()?;
        let (isv_prod_id, isv_svn, config_svn) = (from.u16()?, from.u16()?, from.u16()?);
        from.take(42)?;
        Ok(Self {
            cpu_svn,
            misc_select,
            isv_ext_prod_id,
            attributes,
            mr_enclave,
            mr_signer,
            config_id,
            isv_prod_id,
            isv_svn,
            config_svn,
            isv_family_id: from.array()?,
            report_data: from.array()?,
        })
    }

    /// Whether a debugger may read the enclave.
    pub fn debug(&self) -> bool {
        self.attributes[0] & ENCLAVE_DEBUG != 0
    }

    /// Every field, readable; `name` goes before the name of each.
    pub(crate) fn fields(&self, name: &str) -> Vec<Field> {
        let bytes = |field: &str, value: &[u8]| Field::bytes(format!("{name}.{field}"), value);
        let number = |field: &str, value: u16| Field::new(format!("{name}.{field}"), value);
        vec![
            bytes("cpu_svn", &self.cpu_svn),
            bytes("misc_select", &self.misc_select),
            bytes("isv_ext_prod_id", &self.isv_ext_prod_id),
            bytes("attributes", &self.attributes),
            Field::new(format!("{name}.attributes.debug"), self.debug()),
            bytes("mr_enclave", &self.mr_enclave),
            bytes("mr_signer", &self.mr_signer),
            bytes("config_id", &self.config_id),
            number("isv_prod_id", self.isv_prod_id),
            number("isv_svn", self.isv_svn),
            number("config_svn", self.config_svn),
            bytes("isv_family_id", &self.isv_family_id),
            bytes("report_data", &self.report_data),
        ]
    }
}

/// The report of a trust domain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TdReport {
    /// Security versions of the TDX module and of what lies below it, when the TD was launched.
    pub tee_tcb_svn: [u8; 16],
    /// Measurement of the TDX module.
    pub mr_seam: [u8; 48],
    /// Signer of the TDX module: zero for Intel.
    pub mr_signer_seam: [u8; 48],
    /// Attributes of the TDX module.
    pub seam_attributes: [u8; 8],
    /// Attributes of the TD.
    pub td_attributes: TdAttributes,
    /// Which extended processor state the TD may use.
    pub xfam: [u8; 8],
    /// Measurement of the TD's memory at launch.
    pub mr_td: [u8; 48],
    /// Chosen by whoever launches the TD.
    pub mr_config_id: [u8; 48],
    /// Owner, as the launcher states it.
    pub mr_owner: [u8; 48],
    /// Configuration by the owner, as the launcher states it.
    pub mr_owner_config: [u8; 48],
    /// Registers that the TD extends at run time.
    pub rtmr: [[u8; 48]; 4],
    /// Bound by the TD.
    pub report_data: [u8; 64],
    /// What TDX 1.5 adds.
    pub td15: Option<Td15>,
}

/// What the body of TDX 1.5 adds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Td15 {
    /// Security versions now: the module can be updated below a running TD.
    pub tee_tcb_svn2: [u8; 16],
    /// Service TDs, such as a migration TD, that are bound to this one; zero for none.
    pub mr_service_td: [u8; 48],
}

impl TdReport {
    pub(crate) fn read(from: &mut Bytes<'_>, td15: bool) -> Result<Self, Rejection> {
        Ok(Self {
            tee_tcb_svn: from.array()?,
            mr_seam: from.array()?,
            mr_signer_seam: from.array()?,
            seam_attributes: from.array()?,
            td_attributes: TdAttributes(from.u64()?),
            xfam: from.array()?,
            mr_td: from.array()?,
            mr_config_id: from.array()?,
            mr_owner: from.array()?,
            mr_owner_config: from.array()?,
            rtmr: [from.array()?, from.array()?, from.array()?, from.array()?],
            report_data: from.array()?,
            td15: if td15 {
                Some(Td15 { tee_tcb_svn2: from.array()?, mr_service_td: from.array()? })
            } else {
                None
            },
        })
    }

    /// Every field, readable.
    fn fields(&self) -> Vec<Field> {
        let mut fields = vec![
            Field::bytes("td.tee_tcb_svn", &self.tee_tcb_svn),
            Field::bytes("td.mr_seam", &self.mr_seam),
            Field::bytes("td.mr_signer_seam", &self.mr_signer_seam),
            Field::bytes("td.seam_attributes", &self.seam_attributes),
            Field::bytes("td.attributes", &self.td_attributes.0.to_le_bytes()),
            Field::new("td.attributes.names", self.td_attributes),
            Field::bytes("td.xfam", &self.xfam),
            Field::bytes("td.mr_td", &self.mr_td),
            Field::bytes("td.mr_config_id", &self.mr_config_id),
            Field::bytes("td.mr_owner", &self.mr_owner),
            Field::bytes("td.mr_owner_config", &self.mr_owner_config),
        ];
        for (number, register) in self.rtmr.iter().enumerate() {
            fields.push(Field::bytes(format!("td.rtmr{number}"), register));
        }
        fields.push(Field::bytes("td.report_data", &self.report_data));
        if let Some(td15) = &self.td15 {
            fields.push(Field::bytes("td.tee_tcb_svn2", &td15.tee_tcb_svn2));
            fields.push(Field::bytes("td.mr_service_td", &td15.mr_service_td));
        }
        fields
    }
}
