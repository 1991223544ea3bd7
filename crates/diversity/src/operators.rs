//! Which organisation operates a network, and which cloud it is.
//!
//! Operators with several autonomous systems are one failure domain (axis `operator`), which ASNs alone do
//! not show. The table is data/operators.tsv; its head names the sources.

use std::sync::LazyLock;

const TABLE: &str = include_str!("../data/operators.tsv");

/// Longest operator name that is derived from an organisation's name, in characters.
const NAME_CHARS_MAX: usize = 64;

/// The operator of a network.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Operator {
    /// Name of the group: from the table, else the organisation's name in upper case without its legal form,
    /// else `AS<number>`.
    pub name: String,
    /// The cloud, where the network is known to be one.
    pub cloud: Option<&'static str>,
}

struct Row {
    operator: &'static str,
    cloud: Option<&'static str>,
    names: Vec<Vec<&'static str>>,
}

struct Table {
    rows: Vec<Row>,
    /// ASN and index of its row, by ASN.
    asns: Vec<(u32, usize)>,
}

static OPERATORS: LazyLock<Table> = LazyLock::new(|| read_table(TABLE));

/// Finds the operator of an autonomous system: by its number, else by the words its organisation's name
/// begins with, else the name itself stands for the operator.
///
/// ```
/// use quorate_diversity::operators::operator_of;
/// let amazon = operator_of(16509, "Amazon.com, Inc.");
/// assert_eq!((amazon.name.as_str(), amazon.cloud), ("AMAZON", Some("AWS")));
/// assert_eq!(operator_of(38803, "Gtelecom Pty Ltd").name, "GTELECOM");
/// ```
pub fn operator_of(asn: u32, organisation: &str) -> Operator {
    let rows = &OPERATORS.rows;
    let words = words_of(organisation);
    let row = row_by_number(asn).or_else(|| row_by_name(rows, &words).and_then(|row| rows.get(row)));
    if let Some(row) = row {
        return Operator { name: row.operator.to_owned(), cloud: row.cloud };
    }
    let name = plain_name(&words);
    Operator { name: if name.is_empty() { format!("AS{asn}") } else { name }, cloud: None }
}

/// The operator of an autonomous system by its number alone, where the table has it.
///
/// ```
/// use quorate_diversity::operators::operator_of_number;
/// assert_eq!(operator_of_number(14618), Some("AMAZON"));
/// assert_eq!(operator_of_number(64500), None);
/// ```
pub fn operator_of_number(asn: u32) -> Option<&'static str> {
    row_by_number(asn).map(|row| row.operator)
}

fn row_by_number(asn: u32) -> Option<&'static Row> {
    let table = &*OPERATORS;
    let at = table.asns.binary_search_by_key(&asn, |(number, _)| *number).ok()?;
    table.rows.get(table.asns[at].1)
}

/// The operator that somebody names without a number: by the name of a cloud (`aws` is AMAZON's), by the
/// words the name begins with, else the name itself, upper case and without its legal form. `None` where
/// the name says nothing (`UNKNOWN`, punctuation).
///
/// ```
/// use quorate_diversity::operators::operator_of_name;
/// let found = operator_of_name("Amazon.com, Inc.").map(|operator| operator.name);
/// assert_eq!(found.as_deref(), Some("AMAZON"));
/// assert_eq!(operator_of_name("unknown"), None);
/// ```
pub fn operator_of_name(name: &str) -> Option<Operator> {
    let words = words_of(name);
    if words.is_empty() || words == ["UNKNOWN"] {
        return None;
    }
    let rows = &OPERATORS.rows;
    let by_cloud = match words.as_slice() {
        [word] => rows.iter().position(|row| row.cloud == Some(word.as_str())),
        _ => None,
    };
    let row = by_cloud.or_else(|| row_by_name(rows, &words)).and_then(|row| rows.get(row));
    Some(match row {
        Some(row) => Operator { name: row.operator.to_owned(), cloud: row.cloud },
        None => Operator { name: plain_name(&words), cloud: None },
    })
}

/// The cloud that somebody names: as the table calls it where it knows it, else like an operator's name.
///
/// ```
/// use quorate_diversity::operators::cloud_of_name;
/// assert_eq!(cloud_of_name("Amazon Web Services").as_deref(), Some("AWS"));
/// assert_eq!(cloud_of_name("Example Cloud GmbH").as_deref(), Some("EXAMPLE CLOUD"));
/// ```
pub fn cloud_of_name(name: &str) -> Option<String> {
    let found = operator_of_name(name)?;
    Some(found.cloud.map_or_else(|| plain_name(&words_of(name)), str::to_owned))
}

fn plain_name(words: &[String]) -> String {
    without_legal_form(words).join(" ").chars().take(NAME_CHARS_MAX).collect()
}

/// The row with the longest list of words that the name begins with.
fn row_by_name(rows: &[Row], words: &[String]) -> Option<usize> {
    let matched = |names: &Vec<&str>| {
        names.len() <= words.len() && names.iter().zip(words).all(|(name, word)| name == word)
    };
    rows.iter()
        .enumerate()
        .filter_map(|(index, row)| {
            let longest = row.names.iter().filter(|names| matched(names)).map(Vec::len).max()?;
            Some((longest, std::cmp::Reverse(index)))
        })
        .max()
        .map(|(_, index)| index.0)
}

/// Words in upper case; what is no letter or digit separates them, and single letters in a row are one word,
/// so that `S.p.A.` and `SpA` are the same.
fn words_of(name: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let mut joins = false;
    for part in name.split(|c: char| !c.is_alphanumeric()).filter(|part| !part.is_empty()) {
        let word = part.to_uppercase();
        let single = word.chars().count() == 1 && word.chars().all(char::is_alphabetic);
        match words.last_mut() {
            Some(last) if single && joins => last.push_str(&word),
            _ => words.push(word),
        }
        joins = single;
    }
    words
}

/// Legal forms at the end of names.
const FORMS_LAST: &[&str] = &[
    "AB",
    "AG",
    "AO",
    "APS",
    "AS",
    "ASA",
    "BHD",
    "BV",
    "CO",
    "COMPANY",
    "CORP",
    "CORPORATION",
    "CV",
    "DOO",
    "EAD",
    "EIRL",
    "EOOD",
    "GMBH",
    "INC",
    "INCORPORATED",
    "JSC",
    "KFT",
    "KG",
    "KK",
    "LIMITED",
    "LLC",
    "LLP",
    "LP",
    "LTD",
    "LTDA",
    "NV",
    "OOD",
    "OOO",
    "OY",
    "OYJ",
    "PJSC",
    "PLC",
    "PRIVATE",
    "PT",
    "PTE",
    "PTY",
    "PVT",
    "RO",
    "SA",
    "SARL",
    "SAS",
    "SDN",
    "SE",
    "SIA",
    "SL",
    "SLU",
    "SPA",
    "SPZOO",
    "SR",
    "SRL",
    "SRO",
    "TBK",
    "UAB",
    "ZAO",
    "ZRT",
];

/// Legal forms at the beginning of names.
const FORMS_FIRST: &[&str] = &["AO", "JSC", "LLC", "OAO", "OOO", "PJSC", "PT", "UAB", "ZAO"];

fn without_legal_form(words: &[String]) -> &[String] {
    let mut words = words;
    while let [rest @ .., last] = words
        && !rest.is_empty()
        && FORMS_LAST.binary_search(&last.as_str()).is_ok()
    {
        words = rest;
    }
    while let [first, rest @ ..] = words
        && !rest.is_empty()
        && FORMS_FIRST.contains(&first.as_str())
    {
        words = rest;
    }
    words
}

/// Reads the table; a row that is malformed is left out, and a test counts the rows.
fn read_table(text: &'static str) -> Table {
    let mut table = Table { rows: Vec::new(), asns: Vec::new() };
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        let mut fields = line.split('\t');
        let (Some(operator), Some(cloud), Some(asns), Some(names)) =
            (fields.next(), fields.next(), fields.next(), fields.next())
        else {
            continue;
        };
        let row = table.rows.len();
        table.asns.extend(asns.split(' ').filter_map(|asn| Some((asn.parse().ok()?, row))));
        let names = names.split('|').filter(|name| !name.is_empty()).map(|name| name.split(' ').collect());
        table.rows.push(Row { operator, cloud: (cloud != "-").then_some(cloud), names: names.collect() });
    }
    table.asns.sort_unstable();
    table
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(asn: u32, organisation: &str) -> (String, Option<&'static str>) {
        let found = operator_of(asn, organisation);
        (found.name, found.cloud)
    }

    #[test]
    fn the_table_is_read_wholly_and_names_each_number_once() {
        let lines = TABLE.lines().filter(|line| !line.starts_with('#')).count();
        assert_eq!(OPERATORS.rows.len(), lines);
        assert!(OPERATORS.asns.len() >= 200, "{}", OPERATORS.asns.len());
        assert!(OPERATORS.asns.windows(2).all(|pair| pair[0].0 != pair[1].0));
        let numbers = TABLE.lines().filter(|line| !line.starts_with('#')).map(|line| {
            line.split('\t').nth(2).map_or(0, |asns| asns.split(' ').filter(|asn| !asn.is_empty()).count())
        });
        assert_eq!(numbers.sum::<usize>(), OPERATORS.asns.len());
        for row in &OPERATORS.rows {
            for names in &row.names {
                assert_eq!(words_of(&names.join(" ")).join(" "), names.join(" "), "{}", row.operator);
            }
        }
    }

    #[test]
    fn several_networks_of_one_operator_are_one() {
        assert_eq!(named(16509, ""), named(14618, "anything"));
        assert_eq!(named(15169, ""), ("GOOGLE".into(), Some("GCP")));
        assert_eq!(named(63949, ""), ("AKAMAI".into(), Some("LINODE")));
        assert_eq!(named(20940, ""), ("AKAMAI".into(), None));
        assert_eq!(named(3356, ""), named(209, ""));
        assert_eq!(named(24940, "Hetzner Online GmbH"), ("HETZNER".into(), Some("HETZNER")));
    }

    #[test]
    fn an_unlisted_network_is_found_by_its_name() {
        assert_eq!(named(4_200_000_001, "Amazon Data Services Japan KK"), ("AMAZON".into(), Some("AWS")));
        assert_eq!(named(4_200_000_001, "AT&T Services, Inc."), ("ATT".into(), None));
        assert_eq!(named(4_200_000_001, "Yandex.Cloud LLC").1, Some("YANDEX"));
        assert_eq!(named(4_200_000_001, "YANDEX LLC"), ("YANDEX".into(), None));
        // A word that only begins alike is another name.
        assert_eq!(named(4_200_000_001, "Amazonia Telecom"), ("AMAZONIA TELECOM".into(), None));
    }

    #[test]
    fn a_name_alone_is_read_like_an_organisation() {
        let named = |name: &str| operator_of_name(name).map(|found| (found.name, found.cloud));
        assert_eq!(named("amazon"), Some(("AMAZON".into(), Some("AWS"))));
        assert_eq!(named("aws"), named("Amazon Web Services"));
        assert_eq!(named("Hetzner Online GmbH"), Some(("HETZNER".into(), Some("HETZNER"))));
        assert_eq!(named("Example S.p.A."), Some(("EXAMPLE".into(), None)));
        for nothing in ["UNKNOWN", "unknown", " - ", ""] {
            assert_eq!(named(nothing), None, "{nothing}");
        }
        assert_eq!(cloud_of_name("azure").as_deref(), Some("AZURE"));
        assert_eq!(cloud_of_name("my own cloud").as_deref(), Some("MY OWN CLOUD"));
        assert_eq!(cloud_of_name("Unknown"), None);
    }

    #[test]
    fn legal_forms_do_not_make_two_operators_of_one() {
        for name in
            ["Example S.p.A.", "EXAMPLE SpA", "OOO Example", "Example, L.L.C.", "Example Co., Ltd", "example"]
        {
            assert_eq!(named(4_200_000_001, name).0, "EXAMPLE", "{name}");
        }
        assert_eq!(named(4_200_000_001, "SE").0, "SE");
        assert_eq!(named(64500, " - ").0, "AS64500");
        assert_eq!(named(64500, &"é".repeat(1000)).0.chars().count(), NAME_CHARS_MAX);
        assert!(FORMS_LAST.is_sorted());
    }
}
