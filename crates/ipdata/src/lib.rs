//! Address ranges to networks and places: importers, one compact range file, lookup.
