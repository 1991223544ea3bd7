//! The bytes of a log.
//!
//! ```text
//! file    magic "QLOG", version (u32), salt (16 bytes), CRC (u32), then batches
//! batch   magic (u32), records (u32), bytes that follow (u32), CRC of this head (u32), first index (u64),
//!         then records: length (u32), CRC (u32), bytes
//! ```
//!
//! Numbers are little-endian. CRCs are CRC-32 (ISO 3309) over the salt of the file, the position in the log
//! and the bytes: what was written for another file or another place does not pass, and bytes that a caller
//! chose cannot pose as a batch, since the salt is random and he does not know it.

use crate::error::DiskError;

const FILE_MAGIC: [u8; 4] = *b"QLOG";
const VERSION: u32 = 1;
const BATCH_MAGIC: [u8; 4] = *b"QBAT";

/// Bytes of the head of a file.
pub(crate) const FILE_HEAD_BYTES: usize = 28;
/// Bytes of the head of a batch.
pub(crate) const BATCH_HEAD_BYTES: usize = 24;
/// Bytes before each record.
pub(crate) const RECORD_HEAD_BYTES: usize = 8;
/// Most bytes of records in a batch, their heads included.
pub(crate) const BATCH_BYTES_MAX: usize = 16 << 20;

/// What makes the checksums of a file its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Salt([u8; 16]);

impl Salt {
    /// A new one.
    pub(crate) fn random() -> Result<Self, getrandom::Error> {
        let mut salt = [0; 16];
        getrandom::fill(&mut salt)?;
        Ok(Self(salt))
    }

    fn crc(&self, position: u64, bytes: &[u8]) -> u32 {
        let mut crc = crc32fast::Hasher::new();
        crc.update(&self.0);
        crc.update(&position.to_le_bytes());
        crc.update(bytes);
        crc.finalize()
    }

    /// The head of a file with this salt.
    pub(crate) fn file_head(&self) -> [u8; FILE_HEAD_BYTES] {
        let mut head = [0; FILE_HEAD_BYTES];
        head[..4].copy_from_slice(&FILE_MAGIC);
        head[4..8].copy_from_slice(&VERSION.to_le_bytes());
        head[8..24].copy_from_slice(&self.0);
        let crc = self.crc(0, &head[..8]);
        head[24..].copy_from_slice(&crc.to_le_bytes());
        head
    }

    /// The salt of a file with this head.
    pub(crate) fn of_file(head: &[u8]) -> Result<Self, &'static str> {
        let head: &[u8; FILE_HEAD_BYTES] = head.try_into().map_err(|_| "its head is cut off")?;
        if head[..4] != FILE_MAGIC {
            return Err("it is no log");
        }
        if u32_at(head, 4) != VERSION {
            return Err("it is a log of another version");
        }
        let mut salt = [0; 16];
        salt.copy_from_slice(&head[8..24]);
        let salt = Self(salt);
        if salt.file_head() == *head { Ok(salt) } else { Err("the checksum of its head does not fit") }
    }

    /// A record as it stands in the file.
    pub(crate) fn record_head(&self, index: u64, record: &[u8]) -> [u8; RECORD_HEAD_BYTES] {
        let mut head = [0; RECORD_HEAD_BYTES];
        // Records are bounded far below 2^32 bytes.
        head[..4].copy_from_slice(&(record.len() as u32).to_le_bytes());
        head[4..].copy_from_slice(&self.crc(index, record).to_le_bytes());
        head
    }

    /// The record that `bytes` begin with, and how many bytes it takes.
    pub(crate) fn record<'bytes>(
        &self,
        index: u64,
        bytes: &'bytes [u8],
    ) -> Result<&'bytes [u8], &'static str> {
        let (head, rest) = bytes.split_first_chunk::<RECORD_HEAD_BYTES>().ok_or("a record is cut off")?;
        let record = rest.get(..u32_at(head, 0) as usize).ok_or("a record is cut off")?;
        if u32_at(head, 4) != self.crc(index, record) {
            return Err("the checksum of a record does not fit");
        }
        Ok(record)
    }

    /// The head that `bytes` begin with, where they begin with one.
    pub(crate) fn batch_head(&self, bytes: &[u8]) -> Option<BatchHead> {
        let head: &[u8; BATCH_HEAD_BYTES] = bytes.first_chunk()?;
        let (first, crc) = (u64::from_le_bytes(*head[16..].first_chunk()?), u32_at(head, 12));
        let fits = head[..4] == BATCH_MAGIC && crc == self.crc(first, &head[..12]);
        let read = BatchHead { first, records: u32_at(head, 4), bytes: u32_at(head, 8) };
        (fits && read.bytes as usize <= BATCH_BYTES_MAX).then_some(read)
    }
}

/// What a batch says of itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct BatchHead {
    /// Index of its first record.
    pub(crate) first: u64,
    /// Records in it.
    pub(crate) records: u32,
    /// Bytes that follow the head.
    pub(crate) bytes: u32,
}

/// A batch that is put together.
pub(crate) struct Batch {
    salt: Salt,
    first: u64,
    bytes: Vec<u8>,
    /// Where each record stands, from the beginning of the batch.
    pub(crate) offsets: Vec<u64>,
}

impl Batch {
    /// A batch whose first record has this index.
    pub(crate) fn new(salt: Salt, first: u64) -> Self {
        Self { salt, first, bytes: vec![0; BATCH_HEAD_BYTES], offsets: Vec::new() }
    }

    /// Whether these records still fit in.
    pub(crate) fn has_room(&self, records: &[Vec<u8>]) -> bool {
        self.bytes.len() - BATCH_HEAD_BYTES + bytes_of(records) <= BATCH_BYTES_MAX
    }

    /// Puts records in.
    pub(crate) fn extend(&mut self, records: &[Vec<u8>]) {
        for record in records {
            let index = self.first + self.offsets.len() as u64;
            self.offsets.push(self.bytes.len() as u64);
            self.bytes.extend_from_slice(&self.salt.record_head(index, record));
            self.bytes.extend_from_slice(record);
        }
    }

    /// The bytes to write.
    pub(crate) fn seal(&mut self) -> &[u8] {
        let (records, bytes) = (self.offsets.len() as u32, (self.bytes.len() - BATCH_HEAD_BYTES) as u32);
        self.bytes[..4].copy_from_slice(&BATCH_MAGIC);
        self.bytes[4..8].copy_from_slice(&records.to_le_bytes());
        self.bytes[8..12].copy_from_slice(&bytes.to_le_bytes());
        let crc = self.salt.crc(self.first, &self.bytes[..12]);
        self.bytes[12..16].copy_from_slice(&crc.to_le_bytes());
        self.bytes[16..24].copy_from_slice(&self.first.to_le_bytes());
        &self.bytes
    }
}

/// Bytes that records take in a batch.
pub(crate) fn bytes_of(records: &[Vec<u8>]) -> usize {
    records.iter().map(|record| RECORD_HEAD_BYTES + record.len()).sum()
}

/// Damage in a file.
pub(crate) fn corrupt(path: &str, offset: u64, index: u64, reason: &'static str) -> DiskError {
    DiskError::Corrupt { path: path.to_owned(), offset, index, reason }
}

fn u32_at(bytes: &[u8], at: usize) -> u32 {
    bytes[at..].first_chunk().map_or(0, |four| u32::from_le_bytes(*four))
}
