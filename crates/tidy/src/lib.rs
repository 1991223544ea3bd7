//! The style and the import rules as a test (see `tests/`).
