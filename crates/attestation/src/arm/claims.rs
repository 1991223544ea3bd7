//! The claims of a token: read by label, checked for type and size.

use std::ops::RangeInclusive;

use quorate_types::cbor::{Form, Value, decode};

use crate::fields::Field;
use crate::signature::sha256;
use crate::verdict::{Reason, Rejection, hex, reject};

/// Sizes of digests, measurements and nonces.
pub(crate) const HASH_BYTES: [usize; 3] = [32, 48, 64];
/// A longer list of components is named by its digest.
const VERSION_CHARS_MAX: usize = 1024;

/// A claim: its label and its name in the specification.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Claim {
    label: i64,
    name: &'static str,
}

impl Claim {
    pub(crate) const fn new(label: i64, name: &'static str) -> Self {
        Self { label, name }
    }
}

/// Members of a software component, the same in CCA and PSA tokens.
const COMPONENT: [Claim; 5] = [KIND, VALUE, VERSION, SIGNER, DESCRIPTION];
const KIND: Claim = Claim::new(1, "measurement-type");
const VALUE: Claim = Claim::new(2, "measurement-value");
const VERSION: Claim = Claim::new(4, "version");
const SIGNER: Claim = Claim::new(5, "signer-id");
const DESCRIPTION: Claim = Claim::new(6, "measurement-description");

/// A map of claims. Unknown claims are passed over, as EAT (RFC 9711) demands; no claim occurs twice.
#[derive(Clone, Debug)]
pub(crate) struct Claims {
    map: Value,
    what: &'static str,
}

impl Claims {
    /// Reads the payload of a token; `what` names the token in a rejection.
    pub(crate) fn decode(payload: &[u8], what: &'static str) -> Result<Self, Rejection> {
        let map = decode(payload, Form::Unambiguous).map_err(|error| {
            reject(Reason::Malformed, format!("the claims of {what} are not acceptable as CBOR: {error}"))
        })?;
        match map {
            Value::Map(_) => Ok(Self { map, what }),
            _ => Err(reject(Reason::Malformed, format!("the payload of {what} is no map of claims"))),
        }
    }

    pub(crate) fn get(&self, claim: Claim) -> Option<&Value> {
        self.map.get(&Value::integer(claim.label))
    }

    /// A claim that must be there, in the given form.
    pub(crate) fn required<'a, T>(
        &'a self,
        claim: Claim,
        form: &str,
        read: impl FnOnce(&'a Value) -> Option<T>,
    ) -> Result<T, Rejection> {
        let (what, name) = (self.what, claim.name);
        let value = self.get(claim).ok_or_else(|| {
            reject(Reason::ClaimMissing, format!("{what} lacks the claim {name} ({})", claim.label))
        })?;
        read(value)
            .ok_or_else(|| reject(Reason::ClaimMissing, format!("the claim {name} of {what} is not {form}")))
    }

    /// A claim that may be absent, but not in another form.
    pub(crate) fn optional<'a, T>(
        &'a self,
        claim: Claim,
        form: &str,
        read: impl FnOnce(&'a Value) -> Option<T>,
    ) -> Result<Option<T>, Rejection> {
        let (what, name) = (self.what, claim.name);
        let Some(value) = self.get(claim) else { return Ok(None) };
        let value = read(value)
            .ok_or_else(|| reject(Reason::Malformed, format!("the claim {name} of {what} is not {form}")))?;
        Ok(Some(value))
    }

    /// Bytes of one of the sizes.
    pub(crate) fn bytes(&self, claim: Claim, sizes: &[usize]) -> Result<&[u8], Rejection> {
        self.required(claim, &format!("a string of {sizes:?} bytes"), |value| sized(value, sizes))
    }

    /// A text.
    pub(crate) fn text(&self, claim: Claim) -> Result<&str, Rejection> {
        self.required(claim, "a text", Value::as_text)
    }

    /// A number.
    pub(crate) fn integer(&self, claim: Claim, range: RangeInclusive<i64>) -> Result<i64, Rejection> {
        let form = format!("a number from {} to {}", range.start(), range.end());
        self.required(claim, &form, |value| value.as_integer().filter(|number| range.contains(number)))
    }

    /// The software components, at least one.
    pub(crate) fn components(&self, claim: Claim) -> Result<Vec<Component<'_>>, Rejection> {
        self.required(claim, "a list of components with measurement and signer", |value| {
            let components: Option<Vec<Component<'_>>> =
                value.as_array()?.iter().map(Component::read).collect();
            components.filter(|components| !components.is_empty())
        })
    }

    /// Every claim, readable; `known` gives names to labels.
    pub(crate) fn fields(&self, known: &[Claim]) -> Vec<Field> {
        let mut fields = Vec::new();
        for (label, value) in self.map.as_map().unwrap_or_default() {
            show(named(label, known), value, &mut fields);
        }
        fields
    }
}

/// Bytes of one of the sizes.
pub(crate) fn sized<'a>(value: &'a Value, sizes: &[usize]) -> Option<&'a [u8]> {
    value.as_bytes().filter(|bytes| sizes.contains(&bytes.len()))
}

/// A measured piece of software.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Component<'a> {
    /// Its role, where it is named.
    kind: Option<&'a str>,
    /// Its measurement.
    pub(crate) measurement: &'a [u8],
    /// Its version, where it is stated.
    version: Option<&'a str>,
}

impl<'a> Component<'a> {
    fn read(value: &'a Value) -> Option<Self> {
        let member = |claim: Claim| value.get(&Value::integer(claim.label));
        let hash = |claim| member(claim).and_then(|value| sized(value, &HASH_BYTES));
        let text = |claim| match member(claim) {
            None => Some(None),
            Some(value) => value.as_text().map(Some),
        };
        hash(SIGNER)?;
        text(DESCRIPTION)?;
        Some(Self { kind: text(KIND)?, measurement: hash(VALUE)?, version: text(VERSION)? })
    }
}

/// The firmware level in one line: what each component is called and its version, or else the head of its
/// measurement.
pub(crate) fn version_of(components: &[Component<'_>]) -> String {
    if components.is_empty() {
        return "unmeasured".to_owned();
    }
    let shown = |(at, component): (usize, &Component<'_>)| {
        let kind = component.kind.map_or_else(|| format!("component{at}"), word);
        let version = component.version.map_or_else(|| hex(&component.measurement[..8]), word);
        format!("{kind}={version}")
    };
    let line = components.iter().enumerate().map(shown).collect::<Vec<_>>().join(" ");
    if line.len() <= VERSION_CHARS_MAX { line } else { format!("sha-256={}", hex(&sha256(line.as_bytes()))) }
}

/// A text of a token as one word that is safe to print.
fn word(text: &str) -> String {
    text.chars().map(|char| if char.is_ascii_graphic() && char != '=' { char } else { '_' }).collect()
}

fn named(label: &Value, known: &[Claim]) -> String {
    let name = known.iter().find(|claim| Value::integer(claim.label) == *label).map(|claim| claim.name);
    match (name, label) {
        (Some(name), _) => name.to_owned(),
        (None, Value::Text(text)) => word(text),
        (None, Value::Unsigned(_) | Value::Negative(_)) => {
            label.as_integer().map_or_else(|| "claim".to_owned(), |label| label.to_string())
        }
        _ => "claim".to_owned(),
    }
}

fn show(name: String, value: &Value, fields: &mut Vec<Field>) {
    match value {
        Value::Bytes(bytes) => fields.push(Field::bytes(name, bytes)),
        Value::Text(text) => fields.push(Field::new(name, text.escape_default())),
        Value::Unsigned(number) => fields.push(Field::new(name, number)),
        Value::Negative(number) => fields.push(Field::new(name, -1 - i128::from(*number))),
        Value::Bool(flag) => fields.push(Field::new(name, flag)),
        Value::Null => fields.push(Field::new(name, "null")),
        Value::Tag(tag, value) => show(format!("{name}({tag})"), value, fields),
        Value::Array(values) => {
            for (at, value) in values.iter().enumerate() {
                show(format!("{name}[{at}]"), value, fields);
            }
        }
        Value::Map(entries) => {
            for (key, value) in entries {
                show(format!("{name}.{}", named(key, &COMPONENT)), value, fields);
            }
        }
    }
}
