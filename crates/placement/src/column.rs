//! Checks that both tables share.

use quorate_types::FieldPath;

use crate::error::Error;

/// The path of one cell: `nodes[3].cpuMilli`.
pub(crate) fn cell(table: &str, row: usize, column: &str) -> FieldPath {
    FieldPath::new(table).index(row).field(column)
}

/// Refuses a table that is larger than a bound, before anything is allocated for it.
pub(crate) fn check_rows(table: &str, found: usize, max: usize) -> Result<(), Error> {
    if found > max {
        return Err(Error::TooLarge { field: FieldPath::new(table), found, max });
    }
    Ok(())
}

/// Refuses a column that has not one entry for each row.
pub(crate) fn check_length(table: &str, column: &str, found: usize, expected: usize) -> Result<(), Error> {
    if found != expected {
        return Err(Error::ColumnLength { field: FieldPath::new(table).field(column), expected, found });
    }
    Ok(())
}

/// Fills a column that may be left empty.
pub(crate) fn fill_if_empty<T: Copy>(column: &mut Vec<T>, rows: usize, value: T) {
    if column.is_empty() {
        column.resize(rows, value);
    }
}

/// Refuses a number outside `min..=max`.
pub(crate) fn check_range(
    table: &str,
    row: usize,
    column: &str,
    found: u64,
    (min, max): (u64, u64),
) -> Result<(), Error> {
    if found < min || found > max {
        return Err(Error::OutOfRange { field: cell(table, row, column), found, min, max });
    }
    Ok(())
}
