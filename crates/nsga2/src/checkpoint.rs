//! A run as bytes, to be continued later or elsewhere.
//!
//! Layout, little-endian: magic `QNSGA2` with a zero byte, and version (8 bytes); seed, population,
//! variables, objectives, fingerprint of the problem (u64 each); constraint handling, gene width (u8 each);
//! finished generations (u32); epsilon level of generation 0 (f64); stagnation watch: whether it has started
//! (u8), best hypervolume (f64), reference point (objectives x f64); then per individual its genes,
//! objectives, violation (f64), rank (u32) and crowding (f64); last a 64-bit FNV-1a checksum of all that
//! precedes. All sizes follow from the settings and the problem, so nothing is allocated on the word of the
//! bytes.

use crate::engine::{Engine, Progress};
use crate::error::Error;
use crate::problem::{Problem, Shape};
use crate::settings::{ConstraintHandling, GENERATIONS_MAX, Settings};
use crate::stagnation::Watch;
use crate::survival::Fitness;

/// A gene that has a fixed number of bytes.
pub trait StoredGene: Copy {
    /// How many bytes `write` appends.
    const BYTES: usize;

    /// Appends the gene.
    fn write(self, bytes: &mut Vec<u8>);

    /// Reads a gene back from [`Self::BYTES`] bytes; `None` for bytes that no gene gives.
    fn read(bytes: &[u8]) -> Option<Self>;
}

macro_rules! stored_gene {
    ($($gene:ty),*) => {$(
        impl StoredGene for $gene {
            const BYTES: usize = size_of::<$gene>();

            fn write(self, bytes: &mut Vec<u8>) {
                bytes.extend_from_slice(&self.to_le_bytes());
            }

            fn read(bytes: &[u8]) -> Option<Self> {
                Some(Self::from_le_bytes(bytes.try_into().ok()?))
            }
        }
    )*};
}

stored_gene!(f64, i64, u64, i32, u32, i16, u16, i8, u8);

const MAGIC: &[u8; 7] = b"QNSGA2\0";
const VERSION: u8 = 2;
const CHECKSUM_BYTES: usize = 8;

impl<P: Problem> Engine<P>
where
    P::Gene: StoredGene,
{
    /// The run as it stands after its last finished generation. Genes that `ask` gave and `tell` did not take
    /// back are not kept: the resumed run asks for the same ones.
    ///
    /// # Errors
    /// [`Error::OutOfTurn`] before generation 0.
    pub fn checkpoint(&self) -> Result<Vec<u8>, Error> {
        let (settings, shape, progress) = (self.settings(), self.shape(), self.progress());
        if progress.bred == 0 {
            return Err(Error::OutOfTurn);
        }
        let mut bytes = Vec::with_capacity(length::<P::Gene>(settings, shape));
        bytes.extend_from_slice(MAGIC);
        bytes.push(VERSION);
        for value in header(settings, shape) {
            bytes.extend_from_slice(&value.to_le_bytes());
        }
        bytes.extend_from_slice(&self.problem().fingerprint().to_le_bytes());
        bytes.push(constraint_byte(settings.constraints));
        bytes.push(P::Gene::BYTES as u8);
        bytes.extend_from_slice(&progress.bred.to_le_bytes());
        bytes.extend_from_slice(&progress.level_first.to_le_bytes());
        bytes.push(u8::from(progress.watch.started));
        bytes.extend_from_slice(&progress.watch.best.to_le_bytes());
        for index in 0..shape.objectives {
            let value = progress.watch.reference.get(index).copied().unwrap_or(0.0);
            bytes.extend_from_slice(&value.to_le_bytes());
        }
        let rows = self.rows();
        for row in 0..settings.population {
            for gene in &rows.genes[row * shape.variables..(row + 1) * shape.variables] {
                gene.write(&mut bytes);
            }
            for value in &rows.objectives[row * shape.objectives..(row + 1) * shape.objectives] {
                bytes.extend_from_slice(&value.to_le_bytes());
            }
            bytes.extend_from_slice(&rows.violations[row].to_le_bytes());
            bytes.extend_from_slice(&rows.fitness[row].rank.to_le_bytes());
            bytes.extend_from_slice(&rows.fitness[row].crowding.to_le_bytes());
        }
        let checksum = checksum(&bytes);
        bytes.extend_from_slice(&checksum.to_le_bytes());
        Ok(bytes)
    }

    /// Continues the run that wrote `bytes`, bit for bit as if it had not been interrupted. The problem and
    /// the settings must be those of that run, but for `generations`, `stagnation` and `parallel`, which may
    /// differ. (With the epsilon level the number of generations shapes the level, so a longer run then takes
    /// another course.)
    ///
    /// # Errors
    /// [`Error::CheckpointCorrupt`] for bytes that no run wrote, [`Error::CheckpointMismatch`] for those of a
    /// run with other settings, another shape or another [`Problem::fingerprint`], [`Error::Settings`] as
    /// [`Engine::new`].
    pub fn resume(problem: P, settings: Settings, bytes: &[u8]) -> Result<Self, Error> {
        let mut engine = Self::new(problem, settings)?;
        let shape = engine.shape();
        let (body, stored) = bytes
            .split_at_checked(bytes.len().saturating_sub(CHECKSUM_BYTES))
            .ok_or_else(|| Error::corrupt("it is too short"))?;
        let mut reader = Reader { bytes: body };
        if reader.take(MAGIC.len())? != MAGIC {
            return Err(Error::corrupt("it does not begin as a checkpoint does"));
        }
        let version = reader.byte()?;
        if version != VERSION {
            return Err(Error::corrupt(format!("it has version {version}, this build reads {VERSION}")));
        }
        if stored != checksum(body).to_le_bytes() {
            return Err(Error::corrupt("its checksum is wrong: it was cut or changed"));
        }
        let names = ["seed", "population", "variables", "objectives"];
        for (name, expected) in names.into_iter().zip(header(&settings, shape)) {
            let found = reader.word()?;
            if found != expected {
                return Err(Error::mismatch(format!("{name} is {found} there and {expected} here")));
            }
        }
        if reader.word()? != engine.problem().fingerprint() {
            return Err(Error::mismatch("it is of another problem, or of one with other operators"));
        }
        if reader.byte()? != constraint_byte(settings.constraints) {
            return Err(Error::mismatch("its constraint handling is another one"));
        }
        if usize::from(reader.byte()?) != P::Gene::BYTES {
            return Err(Error::mismatch("its genes are of another type"));
        }
        if bytes.len() != length::<P::Gene>(&settings, shape) {
            return Err(Error::corrupt("its length does not follow from its header"));
        }
        let progress = reader.progress(shape.objectives)?;
        reader.rows(&mut engine, settings.population, shape)?;
        engine.restore(progress);
        Ok(engine)
    }
}

/// What must be equal in the run that is resumed.
fn header(settings: &Settings, shape: Shape) -> [u64; 4] {
    [settings.seed, settings.population as u64, shape.variables as u64, shape.objectives as u64]
}

fn constraint_byte(constraints: ConstraintHandling) -> u8 {
    match constraints {
        ConstraintHandling::FeasibilityFirst => 0,
        ConstraintHandling::EpsilonLevel => 1,
    }
}

/// Bytes of a checkpoint; the caps of the settings keep the product far from overflow.
fn length<Gene: StoredGene>(settings: &Settings, shape: Shape) -> usize {
    let head = MAGIC.len() + 1 + 5 * 8 + 2 + 4 + 8 + 1 + 8 + 8 * shape.objectives;
    let row = shape.variables * Gene::BYTES + 8 * shape.objectives + 8 + 4 + 8;
    head + settings.population * row + CHECKSUM_BYTES
}

/// 64-bit FNV-1a (Fowler, Noll and Vo). It finds accidents, not attacks: every value is checked as well.
fn checksum(bytes: &[u8]) -> u64 {
    bytes.iter().fold(FNV_BASIS, fold)
}

/// One number for all that a problem is made of, for [`Problem::fingerprint`]: FNV-1a of the words. Give
/// lengths beside lists, or two different problems could read the same.
pub fn fingerprint(words: impl IntoIterator<Item = u64>) -> u64 {
    words.into_iter().fold(FNV_BASIS, |hash, word| word.to_le_bytes().iter().fold(hash, fold))
}

const FNV_BASIS: u64 = 0xcbf2_9ce4_8422_2325;

fn fold(hash: u64, byte: &u8) -> u64 {
    (hash ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3)
}

struct Reader<'a> {
    bytes: &'a [u8],
}

impl<'a> Reader<'a> {
    fn take(&mut self, count: usize) -> Result<&'a [u8], Error> {
        let (head, tail) =
            self.bytes.split_at_checked(count).ok_or_else(|| Error::corrupt("it is too short"))?;
        self.bytes = tail;
        Ok(head)
    }

    fn array<const COUNT: usize>(&mut self) -> Result<[u8; COUNT], Error> {
        self.take(COUNT)?.try_into().map_err(|_| Error::corrupt("it is too short"))
    }

    fn byte(&mut self) -> Result<u8, Error> {
        Ok(u8::from_le_bytes(self.array()?))
    }

    fn word(&mut self) -> Result<u64, Error> {
        Ok(u64::from_le_bytes(self.array()?))
    }

    fn number(&mut self) -> Result<f64, Error> {
        let value = f64::from_le_bytes(self.array()?);
        if value.is_nan() { Err(Error::corrupt("it holds a value that is not a number")) } else { Ok(value) }
    }

    fn size(&mut self) -> Result<f64, Error> {
        let value = self.number()?;
        if value < 0.0 { Err(Error::corrupt("it holds a negative size")) } else { Ok(value) }
    }

    fn progress(&mut self, objectives: usize) -> Result<Progress, Error> {
        let bred = u32::from_le_bytes(self.array()?);
        let level_first = self.size()?;
        let started = self.byte()?;
        if bred == 0 || bred > GENERATIONS_MAX || started > 1 || !level_first.is_finite() {
            return Err(Error::corrupt("its counters cannot be those of a run"));
        }
        let best = self.size()?;
        let mut reference = Vec::with_capacity(objectives);
        for _ in 0..objectives {
            let value = self.number()?;
            if !value.is_finite() {
                return Err(Error::corrupt("its reference point is not finite"));
            }
            reference.push(value);
        }
        Ok(Progress { bred, level_first, watch: Watch { started: started == 1, best, reference } })
    }

    fn rows<P: Problem>(
        &mut self,
        engine: &mut Engine<P>,
        population: usize,
        shape: Shape,
    ) -> Result<(), Error>
    where
        P::Gene: StoredGene,
    {
        for row in 0..population {
            let first = row * shape.variables;
            for index in first..first + shape.variables {
                let gene = P::Gene::read(self.take(P::Gene::BYTES)?);
                engine.rows_mut().genes[index] =
                    gene.ok_or_else(|| Error::corrupt("it holds a gene of no type"))?;
            }
            if !engine.problem().accepts(&engine.rows().genes[first..first + shape.variables]) {
                return Err(Error::corrupt(format!("individual {row} is none of this problem")));
            }
            for index in row * shape.objectives..(row + 1) * shape.objectives {
                engine.rows_mut().objectives[index] = self.number()?;
            }
            engine.rows_mut().violations[row] = self.size()?;
            let rank = u32::from_le_bytes(self.array()?);
            engine.rows_mut().fitness[row] = Fitness { rank, crowding: self.size()? };
        }
        Ok(())
    }
}
